import doctest

import pytest

from task2vec.data import wording


def test_the_examples_in_the_docstrings_hold() -> None:
    outcome = doctest.testmod(wording)
    assert outcome.attempted >= 3
    assert outcome.failed == 0


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["b", "a"], "a, b"),
        (["d", "c", "b", "a"], "a, b, c, ..."),
        (["x" * 50 + "\x1b[31m" + "y" * 50], "x" * 40 + "..." + "y" * 40),
        (["bell\a"], "bell\\x07"),
    ],
)
def test_examples_are_few_short_and_harmless(names: list[str], text: str) -> None:
    assert wording.examples(names) == text
