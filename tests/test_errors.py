"""How an error reads."""

import pytest

from task2vec.errors import InputError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InputError("It is bad"), "It is bad."),
        (InputError("It is bad."), "It is bad."),
        (InputError("Line 2: Did you mean 'a'?"), "Line 2: Did you mean 'a'?"),
        (InputError("It is bad", got="b?", remedy="Do that."), "It is bad: got b? Do that."),
        (InputError("It is bad", expected="a", got="b"), "It is bad: expected a, got b."),
    ],
)
def test_it_is_sentences_each_of_which_ends_once(error: InputError, told: str) -> None:
    assert str(error) == told
