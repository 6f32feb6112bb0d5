"""Cards that are looked up in a process of their own."""

import subprocess
import sys

import pytest

from task2vec.errors import DeadlineError, InputError, UnknownNameError
from task2vec.probe.card_subprocess import find_card_apart
from task2vec.probe.registry import find_card

# A process imports what networks need.


def test_it_is_the_card_that_is_found_here():
    for reference in ("timm:resnet18.a1_in1k", "efficientnet_lite1?input_size=96"):
        assert find_card_apart(reference) == find_card(reference)


@pytest.mark.parametrize(
    ("reference", "error"),
    [("timm:resnet18.no_such_tag", UnknownNameError), ("timm:resnet18@main", InputError)],
)
def test_errors_come_back_with_their_parts(reference, error):
    with pytest.raises(error) as here:
        find_card(reference)
    with pytest.raises(error) as there:
        find_card_apart(reference)
    assert type(there.value) is type(here.value)
    assert str(there.value) == str(here.value)


@pytest.mark.parametrize("reference", ["timm:resnet26.bt_in1k", "timm:no_such_network"])
def test_what_was_looked_up_once_is_known(reference, monkeypatch):
    def found():
        try:
            return find_card_apart(reference)
        except UnknownNameError as error:
            return str(error)

    first = found()
    monkeypatch.setattr(subprocess, "run", None)
    assert found() == first


def test_this_process_stays_light():
    code = (
        "import sys\n"
        "from task2vec.probe.card_subprocess import find_card_apart\n"
        "assert find_card_apart('timm:resnet18.a1_in1k').architecture == 'resnet18'\n"
        "print([name for name in ('timm', 'torch') if name in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_it_does_not_take_for_ever():
    with pytest.raises(DeadlineError):
        find_card_apart("timm:resnet18", seconds=0.01)
