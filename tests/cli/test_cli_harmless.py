"""Nothing that is printed reaches a terminal as something that it obeys."""

import pytest

from task2vec.cli.output import console, messages, print_sheet, warn
from task2vec.cli.recommend import print_explanation
from task2vec.client.show.sheet import Sheet, facts
from task2vec.messages.explanations import DefaultAccuracy, Explanation
from task2vec.recommendation.answer.classes import judge_classes
from task2vec.types.details import ClassRecognition

HOSTILE = "ro\x1b[31mse\u202e\x07"
ESCAPED = r"ro\x1b[31mse\u202e\x07"


def explanation():
    found = (ClassRecognition(9, 5, {1: 4}), ClassRecognition(9, 9, {}))
    return Explanation(
        default=DefaultAccuracy(model="plain", accuracy=None, known_by=None),
        outcomes=(),
        layers=(),
        classes=judge_classes((HOSTILE, f"{HOSTILE}2"), found),
        unknown=(),
        sentences=(),
    )


@pytest.mark.parametrize(
    "print_it",
    [
        lambda: console().print(HOSTILE),
        lambda: console().print(f"{HOSTILE} of each", style="bold"),
        lambda: messages().print(HOSTILE),
        lambda: print_sheet(Sheet("", [HOSTILE], [["a"]])),
        lambda: print_sheet(Sheet("", ["class"], [[HOSTILE]])),
        lambda: print_sheet(facts("", {"name": HOSTILE})),
        lambda: warn([HOSTILE]),
        lambda: print_explanation(explanation()),
    ],
    ids=["text", "styled", "message", "column", "cell", "field", "warning", "explanation"],
)
def test_what_is_printed_is_shown_in_escapes(print_it, capsys):
    print_it()
    said = "".join(capsys.readouterr())
    assert ESCAPED in said
    assert all(line.isprintable() for line in said.splitlines())


def test_lines_of_a_text_stay_lines(capsys):
    console().print("one\n\ttwo")
    assert capsys.readouterr().out.split() == ["one", "two"]
    assert console().render_str("one").plain == "one"
