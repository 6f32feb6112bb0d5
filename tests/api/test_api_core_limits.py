"""How much is taken on: by caller, at once, and at all."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from extra_routes import extra_routes
from hypothesis import given, settings
from hypothesis import strategies as st
from running import Running, bearer, running

from task2vec.errors import OverloadedError
from task2vec.types import Scope
from task2vec_api.access import ANYBODY
from task2vec_api.errors import RateLimitedError
from task2vec_api.rate_limit import RateLimit
from task2vec_api.settings import Settings
from task2vec_api.turnstile import Turnstile

pytestmark = pytest.mark.anyio

WHOAMI = "/v1/extra/whoami"


async def test_a_key_that_asks_too_often_has_to_wait_and_others_have_not(it: Running) -> None:
    busy = it.key(Scope.READ, name="busy", requests_per_minute=5)
    calm = it.key(Scope.READ, name="calm")
    answers = [await it.client.get(WHOAMI, headers=bearer(busy)) for _ in range(8)]
    other = await it.client.get(WHOAMI, headers=bearer(calm))

    statuses = [answer.status_code for answer in answers]
    # The window is of the clock's minute: it may turn while the test runs.
    assert statuses[:5] == [200] * 5
    assert 429 in statuses[5:]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    assert other.status_code == 200


async def test_who_asks_too_often_is_told_when_to_ask_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 20 of the window's 60 seconds are over.
    now = 60.0 * 1_000_000 + 20.0
    monkeypatch.setattr(time, "time", lambda: now)
    rate_limit = RateLimit(Settings(anonymous_requests_per_minute=2))
    for _ in range(2):
        async with rate_limit.admit(ANYBODY, None):
            pass
    with pytest.raises(RateLimitedError) as caught:
        await rate_limit.admit(ANYBODY, None).__aenter__()

    assert caught.value.retry_after == pytest.approx(40.0, abs=0.5)


async def test_a_key_does_only_so_much_at_once(it: Running) -> None:
    key = it.key(Scope.READ, concurrent_requests=2)
    sleeps = [
        it.client.get("/v1/extra/sleep", params={"seconds": 0.3}, headers=bearer(key))
        for _ in range(4)
    ]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*sleeps))
    afterwards = await it.client.get(WHOAMI, headers=bearer(key))

    assert statuses == [200, 200, 429, 429]
    assert afterwards.status_code == 200


async def test_what_is_too_much_is_told_when_the_queue_is_over(tmp_path: Path) -> None:
    few = Settings(concurrent_requests=2, queued_requests=2, access_log=False)

    async def call() -> tuple[int, float, str | None]:
        begun = time.monotonic()
        answer = await it.client.get("/v1/extra/sleep", params={"seconds": 0.5})
        return answer.status_code, time.monotonic() - begun, answer.headers.get("retry-after")

    async with running(tmp_path / "s", few, routers=[extra_routes()]) as it:
        answers = await asyncio.gather(*(call() for _ in range(12)))
        alive = await asyncio.gather(it.client.get("/livez"), it.client.get(WHOAMI))

    served = [answer for answer in answers if answer[0] == 200]
    refused = [answer for answer in answers if answer[0] == 503]
    assert (len(served), len(refused)) == (2, 10)
    # Before those that are served have slept to their end.
    assert max(seconds for _, seconds, _ in refused) < 0.5
    assert {again for *_, again in refused} == {"1"}
    assert [answer.status_code for answer in alive] == [200, 200]


async def test_the_queue_is_short_however_patient_it_is(tmp_path: Path) -> None:
    patient = Settings(concurrent_requests=1, queued_requests=2, queue_seconds=5, access_log=False)

    async def call() -> tuple[int, float]:
        begun = time.monotonic()
        answer = await it.client.get("/v1/extra/sleep", params={"seconds": 0.3})
        return answer.status_code, time.monotonic() - begun

    async with running(tmp_path / "s", patient, routers=[extra_routes()]) as it:
        answers = await asyncio.gather(*(call() for _ in range(6)))

    assert sorted(status for status, _ in answers) == [200] * 3 + [503] * 3
    assert max(seconds for status, seconds in answers if status == 503) < 0.1


async def test_a_place_that_comes_too_late_goes_to_the_next() -> None:
    turnstile = Turnstile(1, queued=1, seconds=5)
    await turnstile.enter("a")
    waiting = asyncio.create_task(turnstile.enter("a"))
    await asyncio.sleep(0)
    turnstile.leave("a")
    # The client leaves in the moment in which its turn comes.
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    await asyncio.wait_for(turnstile.enter("a"), 0.5)


async def test_who_gave_up_waiting_leaves_the_queue() -> None:
    turnstile = Turnstile(1, queued=1, seconds=0.05)
    await turnstile.enter("a")
    with pytest.raises(OverloadedError):
        await turnstile.enter("a")
    next_one = asyncio.create_task(turnstile.enter("a"))
    await asyncio.sleep(0)
    turnstile.leave("a")

    await asyncio.wait_for(next_one, 0.5)


async def test_slow_uploads_keep_no_worker_from_its_lease(tmp_path: Path) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x"
            await asyncio.sleep(0.1)

    few = Settings(long_requests=1, access_log=False)
    kind = {"Content-Type": "application/octet-stream"}
    async with running(tmp_path / "s", few, routers=[extra_routes()]) as it:
        uploads = [
            asyncio.create_task(it.client.post("/v1/extra/upload", content=slowly(), headers=kind))
            for _ in range(3)
        ]
        await asyncio.sleep(0.3)
        lease = await it.client.post("/v1/leases", json={"worker": "w", "kinds": ["embed"]})
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*uploads))

    assert statuses == [200, 503, 503]
    assert lease.status_code == 204


async def test_those_who_wait_on_purpose_do_not_stand_in_the_way(tmp_path: Path) -> None:
    one = Settings(concurrent_requests=1, queued_requests=0, access_log=False)
    waiting = {"Prefer": "wait=10"}
    async with running(tmp_path / "s", one, routers=[extra_routes()]) as it:
        long = [
            asyncio.create_task(
                it.client.get("/v1/extra/sleep", params={"seconds": 0.3}, headers=waiting)
            )
            for _ in range(3)
        ]
        await asyncio.sleep(0.1)
        short = await it.client.get(WHOAMI)
        done = await asyncio.gather(*long)

    assert short.status_code == 200
    assert [answer.status_code for answer in done] == [200] * 3


async def test_one_caller_uses_all_places_while_it_is_alone_and_keeps_nobody_out() -> None:
    turnstile = Turnstile(2, queued=0, seconds=0)
    for _ in range(2):
        await turnstile.enter("much")
    with pytest.raises(OverloadedError):
        await turnstile.enter("much")
    await turnstile.enter("little")
    with pytest.raises(OverloadedError):
        await turnstile.enter("little")
    turnstile.leave("much")
    # As many are inside as there are places: only those with none come in.
    with pytest.raises(OverloadedError):
        await turnstile.enter("much")
    await turnstile.enter("third")


async def test_callers_that_fill_the_queue_leave_places_in_it_to_others() -> None:
    turnstile = Turnstile(1, queued=4, seconds=5)
    for who in "abc":
        await turnstile.enter(who)

    def wait(who: str) -> "asyncio.Task[None]":
        return asyncio.create_task(turnstile.enter(who), name=who)

    waiting = [wait(who) for who in "aabb"]
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await turnstile.enter("a")
    waiting.append(wait("c"))
    await asyncio.sleep(0.01)
    # Of the callers with the most the first one loses its last place, and no other loses any.
    assert [task.done() for task in waiting] == [False, True, False, False, False]
    assert isinstance(waiting[1].exception(), OverloadedError)
    # One place more would leave `b` with fewer than `c`.
    with pytest.raises(OverloadedError):
        await turnstile.enter("c")
    # What left the queue has left no place behind, and takes none with it.
    for who in "abc":
        turnstile.leave(who)
    for _ in range(4):
        await asyncio.sleep(0.01)
        done = next(task for task in waiting if task.done() and not task.exception())
        waiting.remove(done)
        turnstile.leave(done.get_name())
    assert len(waiting) == 1
    assert turnstile._inside.total() == 0


@pytest.mark.parametrize(
    ("order", "expected"),
    [("abc", "ba"), ("cab", "ba"), ("bca", "ba"), ("dab", "db"), ("bda", "bd")],
)
async def test_of_callers_inside_the_one_with_the_fewest_comes_first(
    order: str, expected: str
) -> None:
    turnstile = Turnstile(12, queued=9, seconds=5)
    came: list[str] = []

    async def enter(who: str) -> None:
        await turnstile.enter(who)
        came.append(who)

    for who in "aaabdcccceee":
        await turnstile.enter(who)
    waiting = [asyncio.create_task(enter(who)) for who in order]
    await asyncio.sleep(0)
    # 3 are inside of a, 1 of b and of d, 4 of c. Of equal ones the longest waiting comes first.
    for count in (1, 2):
        turnstile.leave("e")
        await asyncio.sleep(0.01)
        assert "".join(came) == expected[:count]
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@given(
    places=st.integers(1, 4),
    queued=st.integers(0, 4),
    callers=st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from("abc")), max_size=20
    ),
)
@settings(max_examples=60, deadline=None)
def test_a_turnstile_never_lets_too_many_in_and_loses_no_place(
    places: int, queued: int, callers: list[tuple[int, bool, str]]
) -> None:
    async def run() -> None:
        turnstile = Turnstile(places, queued=queued, seconds=0.004)
        inside = most = 0

        async def call(milliseconds: int, who: str) -> None:
            nonlocal inside, most
            try:
                await turnstile.enter(who)
            except OverloadedError:
                return
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(milliseconds / 1000)
            finally:
                inside -= 1
                turnstile.leave(who)

        tasks = []
        for milliseconds, cancelled, who in callers:
            task = asyncio.create_task(call(milliseconds, who))
            tasks.append(task)
            await asyncio.sleep(0)
            if cancelled:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # Three callers, each of whom finds a place.
        assert most <= places + 2
        # Every place is free again.
        for _ in range(places):
            await asyncio.wait_for(turnstile.enter("a"), 1)
        if not queued:
            with pytest.raises(OverloadedError):
                await turnstile.enter("a")

    asyncio.run(run())
