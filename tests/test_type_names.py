"""Names show all that they hold, and new ones are no ids: by one rule in Python and JSON Schema."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from task2vec.errors import SettingError
from task2vec.types.names import ID_PREFIXES, NAME_PATTERN, NEW_NAME_PATTERN, check_name, is_name


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


RESERVED = [
    *(f"{prefix}_0123456789abcdef" for prefix in ID_PREFIXES),
    *("mdl_efficientnet_lite0", "mdl_", ".", ".."),
]


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_name_is_refused_unless_something_has_it(name: str) -> None:
    with pytest.raises(SettingError) as caught:
        check_name(name)
    assert "mdl_" in str(caught.value.expected)
    check_name(name, new=False)


@pytest.mark.parametrize(
    "name",
    [
        *("task", "tsk", "job_titles", "out_of_distribution", "tsk_0123456789abcde", "mdl-a"),
        *("a mdl_b", "MDL_a", "outer", "jobs_a", "...", ".a", "..b"),
    ],
)
def test_others_are_free(name: str) -> None:
    check_name(name)


def test_what_cannot_be_shown_is_refused_always() -> None:
    with pytest.raises(SettingError):
        check_name("a\nb", new=False)


@given(st.text(max_size=8) | st.builds(str.__add__, st.sampled_from(RESERVED), st.text(max_size=3)))
@example(".\n")
def test_the_schema_of_new_names_tells_the_same(text: str) -> None:
    # In JSON Schema, `$` is the end of the text only.
    told = re.search(NEW_NAME_PATTERN.replace("$", r"\Z"), text) is not None
    try:
        check_name(text)
    except SettingError:
        assert not told
    else:
        assert told
