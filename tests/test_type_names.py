"""Names show all that they hold, by the same rule in Python and in JSON Schema."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task2vec.types.names import NAME_PATTERN, is_name


@pytest.mark.parametrize("name", ["a", "é Ω", "robin/1", "日本", "🐦", "x" * 200])
def test_what_can_be_read_is_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", " a", "a ", "a\nb", "a\n", "a\x00", "\x1b[2J", "a\u2028b", "a\u200bb"),
        *("\u202egpj.exe", "a\xa0b", "\ud83d", "\U000e0041", "x" * 201),
    ],
)
def test_what_hides_something_is_none(name: str) -> None:
    assert not is_name(name)


@given(st.text(max_size=20))
def test_the_schema_tells_the_same(text: str) -> None:
    # In JSON Schema, `$` is the end of the text only.
    told = re.search(NAME_PATTERN.removesuffix("$") + r"\Z", text) is not None
    assert is_name(text) == told
    assert not is_name(text) or text.strip() == text
