"""Page tokens and ETags."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import running

from task2vec.errors import ChangedError, PageTokenError
from task2vec_api.paging import page_token, read_page_token
from task2vec_api.representations import check_if_match, etag_of, not_modified

POSITIONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FILTERS = st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5), max_size=3)


@given(after=POSITIONS, listing=st.text(), filters=FILTERS)
def test_a_token_leads_back_to_where_it_was_given(
    after: object, listing: str, filters: dict[str, object]
) -> None:
    token = page_token(after, listing=listing, filters=filters)

    assert read_page_token(token, listing=listing, filters=filters) == after
    assert all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in token)


def test_without_a_token_a_list_begins_at_its_start() -> None:
    assert read_page_token(None, listing="tasks") is None


@given(data=st.data())
def test_an_altered_token_is_refused(data: st.DataObject) -> None:
    token = page_token(["greek", 17], listing="tasks")
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(max_codepoint=127).filter(lambda c: c != token[place]))
    altered = token[:place] + letter + token[place + 1 :]
    same = _bytes(altered) == _bytes(token)

    if not same:
        with pytest.raises(PageTokenError):
            read_page_token(altered, listing="tasks")


@pytest.mark.parametrize("token", ["", "x", "ü", "AAAA", "====", "e30", "a" * 2000, "\x00"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(PageTokenError) as caught:
        read_page_token(token, listing="tasks")

    assert caught.value.code == "bad_page_token"


def test_a_token_is_good_for_its_list_and_its_filters_only() -> None:
    token = page_token(3, listing="jobs", filters={"state": "queued", "kind": None})

    assert read_page_token(token, listing="jobs", filters={"kind": None, "state": "queued"}) == 3
    for listing, filters in (("tasks", {"state": "queued", "kind": None}), ("jobs", {})):
        with pytest.raises(PageTokenError):
            read_page_token(token, listing=listing, filters=filters)


@pytest.mark.anyio
@pytest.mark.parametrize("body", [b"no JSON", b"\xff", b"[" * 900, b'{"a":1}', b'"x"', b"null"])
@pytest.mark.parametrize("size", [9, 16])
async def test_nobody_else_makes_tokens(tmp_path: Path, body: bytes, size: int) -> None:
    # What the seal covers is no secret.
    answers = []
    async with running(tmp_path / "s") as it:
        for listing in ("tasks", "jobs"):
            about = json.dumps([listing, {}]).encode()
            seal = hashlib.blake2b(about + b"\0" + body, digest_size=size).digest()
            token = base64.urlsafe_b64encode(seal + body).rstrip(b"=").decode()
            with pytest.raises(PageTokenError):
                read_page_token(token, listing=listing)
            answers.append(await it.client.get(f"/v1/{listing}", params={"page_token": token}))

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(422, "bad_page_token")] * 2


@given(thing=POSITIONS)
def test_equal_things_have_equal_etags(thing: object) -> None:
    copy = json.loads(json.dumps(thing))

    assert etag_of(thing) == etag_of(copy)
    assert etag_of(thing) != etag_of([thing])
    assert etag_of(thing).startswith('"')
    assert etag_of(thing).endswith('"')


def test_the_order_of_fields_is_no_change() -> None:
    assert etag_of({"a": 1, "b": 2}) == etag_of({"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("header", "fine"),
    [
        (None, True),
        ("*", True),
        ('"x"', True),
        ('"y", "x"', True),
        ('"y"', False),
        ("x", False),
        ('W/"x"', False),
    ],
)
def test_a_change_is_made_only_to_what_was_read(header: str | None, fine: bool) -> None:
    if fine:
        check_if_match(header, '"x"')
    else:
        with pytest.raises(ChangedError):
            check_if_match(header, '"x"')


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [(None, False), ("*", True), ('"x"', True), ('W/"x"', True), ('"y"', False)],
)
def test_what_is_known_is_not_sent_again(header: str | None, unchanged: bool) -> None:
    answer = not_modified(header, '"x"')

    assert (answer is not None) == unchanged
    if answer is not None:
        assert (answer.status_code, answer.headers["etag"], answer.body) == (304, '"x"', b"")


def _bytes(token: str) -> bytes | None:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
