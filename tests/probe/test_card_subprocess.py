"""Cards that are looked up in a process of their own."""

import subprocess
import sys

import pytest

from task2vec.errors import DeadlineError, UnknownNameError
from task2vec.probe.card_subprocess import find_card_apart
from task2vec.probe.registry import find_card

# A process imports what networks need, which takes seconds: few are started here.
FOUND = "timm:resnet18.a1_in1k?input_size=96"


def test_it_is_the_card_that_is_found_here_and_known_from_then_on(monkeypatch):
    expected = find_card(FOUND)
    assert expected.preprocessing.input_size == 96
    assert find_card_apart(FOUND) == expected
    monkeypatch.setattr(subprocess, "run", None)
    assert find_card_apart(FOUND) == expected


def test_errors_come_back_with_their_parts_and_are_known_from_then_on(monkeypatch):
    def told(find):
        with pytest.raises(UnknownNameError) as found:
            find("timm:resnet18.no_such_tag")
        return type(found.value), str(found.value)

    expected = told(find_card)
    assert told(find_card_apart) == expected
    monkeypatch.setattr(subprocess, "run", None)
    assert told(find_card_apart) == expected


def test_this_process_stays_light():
    # What the other process would answer is given, so that none is started.
    code = (
        "import subprocess, sys\n"
        "answered = subprocess.CompletedProcess((), 0, sys.argv[1])\n"
        "subprocess.run = lambda *_, **__: answered\n"
        "from task2vec.errors import InputError\n"
        "from task2vec.probe.card_subprocess import find_card_apart\n"
        "try:\n"
        "    find_card_apart('timm:resnet18@main')\n"
        "except InputError as error:\n"
        "    print(error.problem, [name for name in ('timm', 'torch') if name in sys.modules])\n"
    )
    answer = '{"error": "InputError", "problem": "moved", "parts": {}}'
    command = [sys.executable, "-c", code, answer]
    assert subprocess.check_output(command, text=True) == "moved []\n"


def test_it_does_not_take_for_ever():
    with pytest.raises(DeadlineError):
        find_card_apart("timm:resnet18", seconds=0.01)
