"""Page tokens and ETags."""

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import Running

from task2vec.errors import ChangedError, PageTokenError
from task2vec.messages.batches import NewItem
from task2vec_api.paging import PageQuestion
from task2vec_api.representations import check_if_match, etag_of, not_modified

PLACES = st.recursive(
    st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
MESSAGE = NewItem(dataset="dst_1", tags=("a",))
TAG = etag_of(MESSAGE)


class Letters(PageQuestion):
    """A list with a filter."""

    word: str | None = None


class Digits(PageQuestion):
    """Another list with the same filter."""

    word: str | None = None


@given(place=PLACES, word=st.text(), about=st.lists(st.text(), max_size=2))
def test_a_token_leads_back_to_where_it_was_given(
    place: object, word: str, about: list[str]
) -> None:
    token = Letters(word=word).token(place, *about)

    assert Letters(word=word, page_token=token, page_size=7).place(*about) == place


def test_a_list_begins_without_a_token_and_ends_without_one() -> None:
    assert Letters().place() is None
    assert Letters().token(None) is None


@given(data=st.data())
def test_an_altered_token_is_refused(data: st.DataObject) -> None:
    token = Letters().token(["greek", 17])
    assert token is not None
    at = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("abcXYZ019-_").filter(lambda c: c != token[at]))
    altered = token[:at] + letter + token[at + 1 :]

    if _bytes(altered) != _bytes(token):
        with pytest.raises(PageTokenError):
            Letters(page_token=altered).place()


@pytest.mark.parametrize("token", ["x", "AAAA", "e30", "a" * 2000])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(PageTokenError) as caught:
        Letters(page_token=token).place()

    assert caught.value.code == "bad_page_token"


def test_a_token_is_good_for_its_list_and_its_filters_only() -> None:
    token = Letters(word="alpha").token(3, "bat_1")

    assert Letters(word="alpha", page_token=token).place("bat_1") == 3
    for question, about in (
        (Digits(word="alpha", page_token=token), "bat_1"),
        (Letters(page_token=token), "bat_1"),
        (Letters(word="alpha", page_token=token), "bat_2"),
    ):
        with pytest.raises(PageTokenError):
            question.place(about)


@pytest.mark.anyio
@pytest.mark.parametrize("body", [b"no JSON", b"\xff", b'{"a":1}', b"null"])
async def test_nobody_else_makes_tokens(it: Running, body: bytes) -> None:
    # What the seal covers is no secret.
    about = json.dumps(["JobPageQuestion", {"batch": None, "kind": None, "state": None}])
    seal = hashlib.blake2b(about.encode() + b"\0" + body, digest_size=16).digest()
    token = base64.urlsafe_b64encode(seal + body).rstrip(b"=").decode()
    refused = await it.client.get("/v1/jobs", params={"page_token": token})

    assert (refused.status_code, refused.json()["code"]) == (422, "bad_page_token")


def test_an_etag_changes_with_the_message() -> None:
    copy = NewItem.model_validate_json(MESSAGE.model_dump_json())

    assert etag_of(copy) == TAG
    assert etag_of(copy.model_copy(update={"tags": ()})) != TAG
    assert TAG[0] == TAG[-1] == '"'


@pytest.mark.parametrize(
    ("header", "fine"),
    [
        (None, True),
        ("*", True),
        (TAG, True),
        (f'"y", {TAG}', True),
        ('"y"', False),
        (TAG.strip('"'), False),
        (f"W/{TAG}", False),
    ],
)
def test_a_change_is_made_only_to_what_was_read(header: str | None, fine: bool) -> None:
    if fine:
        check_if_match(header, MESSAGE)
    else:
        with pytest.raises(ChangedError):
            check_if_match(header, MESSAGE)


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [(None, False), ("*", True), ('"x"', True), ('W/"x"', True), ('"y"', False)],
)
def test_what_is_known_is_not_sent_again(header: str | None, unchanged: bool) -> None:
    answer = not_modified(header, '"x"')

    assert (answer is not None) == unchanged
    if answer is not None:
        assert (answer.status_code, answer.headers["etag"], answer.body) == (304, '"x"', b"")


def _bytes(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
