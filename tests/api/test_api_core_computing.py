"""Who asks for much neither shuts out others nor uses up the processors."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event

import pytest
from running import BASE, Running, bearer, running
from starlette.requests import Request

from task2vec.errors import OverloadedError
from task2vec.types import Scope
from task2vec_api.access import Caller
from task2vec_api.computing import Computing, SpentTime
from task2vec_api.errors import RateLimitedError
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    one = Settings(computing_requests=1, queued_requests=0, access_log=False)
    async with running(tmp_path / "s", one) as found:
        yield found


def asked_by(key: str | None, address: str = "127.0.0.1") -> Request:
    caller = Caller(key, "somebody", frozenset({Scope.READ}))
    return Request({"type": "http", "state": {"caller": caller}, "client": (address, 1)})


def busy(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a", "x"), ("b", "x")), ((None, "x"), (None, "y"))],
    ids=["keys", "addresses"],
)
async def test_who_computes_keeps_nobody_else_out(
    one: tuple[str | None, str], other: tuple[str | None, str]
) -> None:
    computing = Computing(Settings(computing_requests=1, queued_requests=0))
    first = asyncio.create_task(computing.run(asked_by(*one), busy, 0.3))
    await asyncio.sleep(0.05)
    with pytest.raises(OverloadedError):
        await computing.run(asked_by(*one), busy, 0.0)
    begun = time.monotonic()
    assert await computing.run(asked_by(*other), lambda: "answered") == "answered"

    assert time.monotonic() - begun < 0.25
    await first
    await computing.run(asked_by(*one), busy, 0.0)


#: Each is answered 404, or by a map of no task, once it has had its place.
QUESTIONS = [
    ("GET", "/v1/tasks/a/neighbours", None),
    ("POST", "/v1/search", {"task": "a"}),
    ("POST", "/v1/distances", {"source": {"task": "a"}, "target": {"task": "a"}}),
    ("POST", "/v1/recommendations", {"task": "a"}),
    ("GET", "/v1/map", None),
    ("GET", "/v1/map/columns", None),
]


async def test_every_question_that_computes_takes_a_place(server: Running) -> None:
    key, other = server.key(Scope.READ, name="one"), server.key(Scope.READ, name="other")
    done = Event()
    at_work = asyncio.create_task(server.runtime.computing.run(asked_by(key.record.id), done.wait))
    await asyncio.sleep(0.05)
    for method, path, body in QUESTIONS:
        for waits in ({}, {"Prefer": "wait=5"}):
            refused, answered = [
                await server.client.request(method, path, json=body, headers=bearer(who) | waits)
                for who in (key, other)
            ]
            assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
            assert refused.headers["retry-after"] == "1"
            assert answered.status_code in (200, 404)
    looked_up = await server.client.get("/v1/jobs", headers=bearer(key))
    done.set()
    await at_work

    assert looked_up.status_code == 200


async def test_processor_time_is_counted_for_each_key(tmp_path: Path) -> None:
    async with running(tmp_path / "s", Settings(key_computing_seconds=0.2)) as it:
        much, little = it.key(Scope.READ, name="much"), it.key(Scope.READ, name="little")
        await it.runtime.computing.run(asked_by(much.record.id), busy, 0.3)
        # Waiting is no work.
        await it.runtime.computing.run(asked_by(little.record.id), time.sleep, 0.3)
        url = f"{BASE}/v1/tasks/a/neighbours"
        refused = await it.client.get(url, headers=bearer(much))
        answered = await it.client.get(url, headers=bearer(little))

    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert "0.2 s a minute" in refused.json()["expected"]
    # Half as much again as a minute's share takes half a minute to drain.
    assert 25 <= int(refused.headers["retry-after"]) <= 90
    assert answered.status_code == 404


def test_used_time_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    spent = SpentTime(30.0)
    spent.add("a", 45.0)
    with pytest.raises(RateLimitedError) as caught:
        spent.check("a")
    assert caught.value.retry_after == pytest.approx(30.0)
    spent.check("b")
    now += 29.0
    with pytest.raises(RateLimitedError):
        spent.check("a")
    now += 2.0
    spent.check("a")


def test_workers_that_have_long_been_away_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    spent = SpentTime(30.0)
    for number in range(5000):
        spent.add(str(number), 0.1)
        now += 0.01
    assert len(spent._levels) < 1100
