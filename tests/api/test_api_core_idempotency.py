"""A POST that is repeated with its key is answered again, and not done again."""

import asyncio
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from extra_routes import extra_routes
from running import Running, bearer, copy_of_empty, running
from starlette.types import Message

from task2vec.errors import StoreFullError
from task2vec.messages.base import MOST_WHOLE
from task2vec.messages.outcomes import MOST_OUTCOMES, Outcome, OutcomePage
from task2vec.store.sql.idempotency import Idempotency
from task2vec.types import Scope
from task2vec.types.names import LONGEST_NAME, LONGEST_PROTOCOL
from task2vec_api.middleware import idempotency
from task2vec_api.middleware.idempotency import BodyDigest
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio

COUNT = "/v1/extra/count"
SUM = {"left": 1, "right": 2}


def keyed(key: str, **others: str) -> dict[str, str]:
    return {"Idempotency-Key": key} | others


async def test_the_same_request_gets_the_same_answer(it: Running) -> None:
    first = await it.client.post(COUNT, json=SUM, headers=keyed("k"))
    again = await it.client.post(COUNT, json=SUM, headers=keyed("k"))
    other_key = await it.client.post(COUNT, json=SUM, headers=keyed("k2"))
    none = await it.client.post(COUNT, json=SUM)

    assert first.json() == {"calls": 1, "sum": 3}
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert (other_key.json()["calls"], none.json()["calls"]) == (2, 3)


async def test_an_answer_outlives_the_server(tmp_path: Path) -> None:
    async with running(tmp_path / "s", routers=[extra_routes()]) as it:
        first = await it.client.post(COUNT, json=SUM, headers=keyed("k"))
    async with running(tmp_path / "s", routers=[extra_routes()]) as it:
        again = await it.client.post(COUNT, json=SUM, headers=keyed("k"))

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("change", ["body", "query", "path"])
async def test_another_request_with_the_key_is_a_mistake(it: Running, change: str) -> None:
    await it.client.post(COUNT, json=SUM, headers=keyed("k"))
    answer = await it.client.post(
        "/v1/extra/upload" if change == "path" else COUNT,
        json={"left": 1, "right": 3} if change == "body" else SUM,
        params={"seconds": "0.0"} if change == "query" else None,
        headers=keyed("k"),
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_two_at_the_same_time_are_one(tmp_path: Path) -> None:
    # None is to be turned away for another reason, however busy the machine is.
    roomy = Settings(concurrent_requests=16, queue_seconds=10, access_log=False)
    async with running(tmp_path / "s", roomy, routers=[extra_routes()]) as it:

        async def call() -> httpx2.Response:
            return await it.client.post(
                COUNT, json=SUM, params={"seconds": 0.3}, headers=keyed("k")
            )

        answers = await asyncio.gather(*(call() for _ in range(5)))
        after = await call()

    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 409, 409, 409, 409]
    at_work = [a for a in answers if a.status_code == 409]
    assert {(a.json()["code"], a.headers["retry-after"]) for a in at_work} == {
        ("still_at_work", "1")
    }
    assert after.json()["calls"] == 1


async def test_keys_of_different_callers_are_different(it: Running) -> None:
    one, two = it.key(Scope.WRITE, name="one"), it.key(Scope.WRITE, name="two")
    calls = [
        (await it.client.post(COUNT, json=SUM, headers=keyed("k", **bearer(who)))).json()["calls"]
        for who in (one, two, one, two)
    ]

    assert calls == [1, 2, 1, 2]


async def test_a_fault_is_not_kept(it: Running) -> None:
    headers = keyed("k")
    answers = [await it.client.post("/v1/extra/count_and_fail", headers=headers) for _ in "ab"]
    counted = await it.client.post(COUNT, json=SUM)

    assert [answer.status_code for answer in answers] == [500, 500]
    assert counted.json()["calls"] == 3


async def test_a_fault_after_something_was_written_is_not_done_again(it: Running) -> None:
    answers = [await it.client.post("/v1/extra/write", headers=keyed("k")) for _ in "ab"]
    written = await it.client.post("/v1/extra/write", params={"seconds": 0.01})

    assert [answer.status_code for answer in answers] == [500, 409]
    assert "look for it" in answers[1].json()["remedy"]
    assert written.json() == {"written": 2}


async def test_a_killed_server_forgets_what_was_begun_and_not_what_was_written(
    tmp_path: Path,
) -> None:
    """The process ends by SIGKILL between the commit and the answer."""
    script = Path(__file__).with_name("dies_midway.py")
    copy_of_empty(tmp_path / "s")
    for route, progress in (("count", "begun"), ("write", "written")):
        command = [sys.executable, script, tmp_path / "s", route, progress]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == f"{progress}\n"
            process.kill()
    async with running(tmp_path / "s", routers=[extra_routes()]) as it:
        slow = {"seconds": 60}
        wrote = await it.client.post("/v1/extra/write", params=slow, headers=keyed("write"))
        # Were the key still taken, this would be another request.
        counted = await it.client.post(COUNT, json=SUM, headers=keyed("count"))
        written = await it.client.post("/v1/extra/write", params={"seconds": 0.01})

    assert (wrote.status_code, wrote.json()["code"]) == (409, "wrong_state")
    assert "retry-after" not in wrote.headers, "it will never be otherwise"
    assert counted.status_code == 200
    assert written.json() == {"written": 2}


async def test_what_was_refused_for_the_state_of_things_is_tried_again(it: Running) -> None:
    refused = {"refuse": True}
    answers = [
        await it.client.post("/v1/extra/write", params=refused, headers=keyed("k")) for _ in "ab"
    ]
    written = await it.client.post("/v1/extra/write", params={"seconds": 0.01})

    assert [answer.status_code for answer in answers] == [409, 409]
    assert {answer.json()["code"] for answer in answers} == {"name_taken"}
    assert not any("idempotency-replayed" in answer.headers for answer in answers)
    assert written.json() == {"written": 3}


async def test_of_an_answer_too_large_to_keep_it_is_kept_that_it_was_given(
    it: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_MOST", 1000)
    fits, large, again, once_more = [
        await it.client.post(
            "/v1/extra/large", params={"size": 1000 + more}, headers=keyed(f"k{more}")
        )
        for more in (0, 1, 0, 1)
    ]

    assert (len(fits.content), len(large.content), again.content) == (1000, 1001, fits.content)
    assert (again.headers["idempotency-replayed"], large.status_code) == ("true", 200)
    assert (once_more.status_code, once_more.json()["code"]) == (409, "answer_not_kept")
    assert "was done, with status 200; its answer was too large" in once_more.json()["detail"]
    assert "Look up what it did" in once_more.json()["remedy"]
    assert once_more.headers["content-type"] == "application/problem+json"


async def test_a_large_answer_in_parts_arrives_whole(
    it: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_MOST", 1000)
    params = {"size": 700, "parts": 4}
    large, again = [
        await it.client.post("/v1/extra/large", params=params, headers=keyed("k")) for _ in range(2)
    ]
    assert (large.status_code, len(large.content)) == (200, 2800)
    assert again.json()["code"] == "answer_not_kept"


def test_the_answer_to_ten_thousand_of_the_longest_outcomes_is_kept() -> None:
    longest = Outcome(
        id="out_0123456789abcdef",
        model="\U0001f600" * LONGEST_NAME,
        task="\U0001f600" * LONGEST_NAME,
        accuracy=0.12345678901234567,
        interval=(0.12345678901234567, 0.12345678901234567),
        protocol="\U0001f600" * LONGEST_PROTOCOL,
        images=MOST_WHOLE,
        seed=MOST_WHOLE,
        created="2026-11-26T05:56:06.709123Z",
        repeats="out_0123456789abcdef",
    )
    page = OutcomePage(outcomes=(longest,) * MOST_OUTCOMES, next_page_token=None)
    assert len(page.model_dump_json().encode()) <= idempotency._MOST


async def test_a_request_whose_answer_cannot_be_kept_is_not_at_work_for_ever(
    it: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreFullError("full")

    monkeypatch.setattr(Idempotency, "finish", full)
    done = await it.client.post("/v1/extra/write", params={"seconds": 0.01}, headers=keyed("k"))
    again = await it.client.post("/v1/extra/write", params={"seconds": 0.01}, headers=keyed("k"))

    assert done.json() == {"written": 1}
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert "broke off" in again.json()["detail"]


async def test_what_a_stopping_server_gave_up_is_done_by_its_repetition_alone(
    it: Running,
) -> None:
    store = it.workspace.store()
    params = {"before": 0.5, "seconds": 0.01}
    first = asyncio.create_task(
        it.client.post("/v1/extra/write", params=params, headers=keyed("k"))
    )
    await asyncio.sleep(0.25)
    # As a server does that stops: the thread goes on.
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    await asyncio.sleep(0.6)
    left = [entry.action for entry in store.audit.latest(9)]
    again = await it.client.post("/v1/extra/write", params=params, headers=keyed("k"))

    assert "extra" not in left
    assert again.json() == {"written": 1}


async def test_what_was_refused_for_its_content_is_refused_again(it: Running) -> None:
    answers = [await it.client.post(COUNT, json={"left": "x"}, headers=keyed("k")) for _ in "ab"]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[1].headers["idempotency-replayed"] == "true"
    assert answers[1].headers["content-type"] == "application/problem+json"


def form(name: str, *, boundary: str, size: int) -> tuple[bytes, str]:
    """Return a form with one file, and its content type."""
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
    body = head.encode() + b"x" * size + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"


@pytest.mark.parametrize("size", [10, 65_380, 65_430, 300_000])
async def test_a_form_of_equal_length_with_another_name_is_another(it: Running, size: int) -> None:
    answers = []
    for name, letter in (("a.zip", "b"), ("a.zip", "c"), ("b.zip", "b")):
        body, kind = form(name, boundary=letter * 32, size=size)
        headers = keyed("k", **{"Content-Type": kind})
        answers.append(await it.client.post("/v1/extra/upload", content=body, headers=headers))

    first, again, other = answers
    assert first.json() == {"calls": 1, "bytes": len(body)}
    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("as_form", [True, False])
async def test_another_upload_of_equal_length_and_beginning_is_another(
    it: Running, announced: bool, as_form: bool
) -> None:
    answers = []
    for letter, last in ((b"b", b"one"), (b"c", b"one"), (b"b", b"two")):
        kind, body = "application/octet-stream", b"x" * 300_000 + last
        if as_form:
            body, kind = form("a.zip", boundary=letter.decode() * 32, size=300_000)
            body = body.replace(b"xxx\r\n", last + b"\r\n")
        # A boundary arrives in two pieces.
        split = body.rfind(letter * 32) + 5 if as_form else 150_000
        answers.append(
            await it.client.post(
                "/v1/extra/upload",
                content=body if announced else pieces(body[:split], body[split:]),
                headers=keyed("k", **{"Content-Type": kind}),
            )
        )

    first, again, other = answers
    assert first.status_code == 200
    assert (again.content, again.headers.get("idempotency-replayed")) == (first.content, "true")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def digest_of(body: bytes, *, boundary: str, cut: int) -> str:
    """Return the digest of a form that arrives in two messages."""
    parts = [(body[:cut], True), (body[cut:], False)]
    messages = iter({"type": "http.request", "body": b, "more_body": more} for b, more in parts)

    async def receive() -> Message:
        return next(messages)

    kind = f"multipart/form-data; boundary={boundary}"
    return await BodyDigest(receive, content_type=kind).of_the_rest()


async def test_a_form_is_known_by_all_but_its_boundary() -> None:
    first, kind = form("a.zip", boundary="A" * 8, size=100)
    assert kind.endswith("A" * 8)
    again = first.replace(b"A" * 8, b"B" * 8)
    known = await digest_of(first, boundary="A" * 8, cut=len(first) // 2)
    for cut in range(len(again)):
        assert await digest_of(again, boundary="B" * 8, cut=cut) == known
    # Its last bytes count, and so does a boundary's text within a file.
    assert await digest_of(first[:-1] + b"?", boundary="A" * 8, cut=5) != known
    holding = [first.replace(b"x" * 10, letter * 8 + b"xx") for letter in (b"A", b"B")]
    one = await digest_of(holding[0], boundary="A" * 8, cut=5)
    other = holding[1].replace(b"--" + b"A" * 8, b"--" + b"B" * 8)
    assert await digest_of(other, boundary="B" * 8, cut=5) != one


async def test_a_repeated_upload_is_not_held_in_memory(it: Running) -> None:
    def large() -> AsyncIterator[bytes]:
        return pieces(*(bytes([i]) * 2**20 for i in range(64)))

    headers = keyed("k", **{"Content-Type": "application/octet-stream"})
    await it.client.post("/v1/extra/upload", content=large(), headers=headers)
    body = large()
    tracemalloc.start()
    again = await it.client.post("/v1/extra/upload", content=body, headers=headers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert again.headers["idempotency-replayed"] == "true"
    assert peak < 8 * 2**20


async def test_an_upload_that_was_refused_before_its_end_is_tried_again(it: Running) -> None:
    headers = keyed("k", **{"Content-Type": "application/octet-stream"})
    answers = [
        await it.client.post("/v1/extra/upload_first", content=body, headers=headers)
        for body in (pieces(b"no", b"1"), pieces(b"no", b"2"), pieces(b"yes", b"1"))
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 200]
    assert not any("idempotency-replayed" in answer.headers for answer in answers)


async def test_what_was_not_found_is_looked_for_again(it: Running) -> None:
    missing = [await it.client.post("/v1/extra/count_and_miss", headers=keyed("k")) for _ in "ab"]

    assert [answer.status_code for answer in missing] == [404, 404]
    assert [answer.json()["detail"] for answer in missing] == ["miss number 1.", "miss number 2."]


async def test_the_answer_to_a_request_that_was_given_up_can_be_fetched(it: Running) -> None:
    slow = {"seconds": 1.4}
    headers = keyed("k", **{"Request-Timeout": "1"})
    late = await it.client.post(COUNT, json=SUM, params=slow, headers=headers)
    again = await it.client.post(COUNT, json=SUM, params=slow, headers=keyed("k"))

    assert late.status_code == 504
    assert again.json() == {"calls": 1, "sum": 3}


async def test_a_key_is_free_again_after_its_time(tmp_path: Path) -> None:
    short = Settings(idempotency_hours=0.2 / 3600, access_log=False)
    async with running(tmp_path / "s", short, routers=[extra_routes()]) as it:
        await it.client.post(COUNT, json=SUM, headers=keyed("k"))
        await asyncio.sleep(0.25)
        again = await it.client.post(COUNT, json={"left": 0, "right": 0}, headers=keyed("k"))

    assert again.json() == {"calls": 2, "sum": 0}


async def test_a_key_that_a_killed_server_left_is_free(tmp_path: Path) -> None:
    async with running(tmp_path / "s", routers=[extra_routes()]) as it:
        it.workspace.store().idempotency.begin(
            owner="", key="k", fingerprint="of something", now=time.time(), keep=1000
        )
        blocked = await it.client.post(COUNT, json=SUM, headers=keyed("k"))
    async with running(tmp_path / "s", routers=[extra_routes()]) as it:
        free = await it.client.post(COUNT, json=SUM, headers=keyed("k"))

    assert blocked.status_code == 422
    assert free.status_code == 200


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
async def test_an_odd_key_is_refused(it: Running, key: str) -> None:
    headers = {"Idempotency-Key": key.encode()}
    answer = await it.client.post(COUNT, json=SUM, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_setting")
