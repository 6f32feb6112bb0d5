"""A body is neither larger than allowed nor slower."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from extra_routes import extra_routes
from running import Running, bearer, running

from task2vec.types import Scope
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio

UPLOAD = {"Content-Type": "application/octet-stream"}


async def pieces(count: int, size: int, *, pause: float = 0.0) -> AsyncIterator[bytes]:
    for _ in range(count):
        await asyncio.sleep(pause)
        yield b"x" * size


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("upload", [True, False])
async def test_a_body_above_the_limit_is_refused(
    tmp_path: Path, announced: bool, upload: bool
) -> None:
    small = Settings(body_bytes=2000, upload_bytes=4000, access_log=False)
    limit = 4000 if upload else 2000
    headers = UPLOAD if upload else {"Content-Type": "text/plain"}
    async with running(tmp_path / "s", small, routers=[extra_routes()]) as it:
        answers = [
            await it.client.post(
                "/v1/extra/upload",
                content=b"x" * size if announced else pieces(2, size // 2),
                headers=headers,
            )
            for size in (limit, limit + 2)
        ]

    assert [answer.status_code for answer in answers] == [200, 413]
    assert answers[0].json()["bytes"] == limit
    assert answers[1].json()["code"] == "too_large"
    assert answers[1].headers["connection"] == "close"


@pytest.mark.parametrize("upload", [True, False])
async def test_a_body_that_trickles_is_not_waited_for(tmp_path: Path, upload: bool) -> None:
    brisk = Settings(body_seconds=0.2, upload_bytes_per_second=1000, access_log=False)
    headers = UPLOAD if upload else {"Content-Type": "text/plain"}
    async with running(tmp_path / "s", brisk, routers=[extra_routes()]) as it:
        begun = time.monotonic()
        slow = await it.client.post(
            "/v1/extra/upload", content=pieces(100, 10, pause=0.1), headers=headers
        )
        waited = time.monotonic() - begun
        steady = await it.client.post(
            "/v1/extra/upload", content=pieces(6, 200, pause=0.1), headers=headers
        )

    assert (slow.status_code, slow.json()["code"]) == (408, "slow_client")
    assert waited < 1.0
    # In all longer than body_seconds, but at more than the slowest pace.
    assert steady.json()["bytes"] == 1200


@pytest.mark.parametrize("kind", ["application/octet-stream", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize(
    "path", ["search", "tasks", "outcomes", "leases", "jobs/j:cancel", "leases/j:fail", "nothing"]
)
async def test_only_a_route_that_takes_files_is_sent_more(
    tmp_path: Path, kind: str, path: str
) -> None:
    small = Settings(body_bytes=2000, upload_bytes=4000, access_log=False)
    async with running(tmp_path / "s", small) as it:
        answer = await it.client.post(
            f"/v1/{path}", content=pieces(3, 1000), headers={"Content-Type": kind}
        )

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["datasets", "tasks:import", "leases/job_1:complete"])
async def test_routes_that_take_files_are_sent_more(tmp_path: Path, path: str) -> None:
    small = Settings(body_bytes=2000, upload_bytes=4000, access_log=False)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with running(tmp_path / "s", small) as it:
        answers = [
            await it.client.post(f"/v1/{path}", content=pieces(count, 1000), headers=headers)
            for count in (3, 5)
        ]

    # What came is no form.
    assert [answer.status_code for answer in answers] == [400, 413]


@pytest.mark.parametrize("path", ["datasets", "search", "extra/upload", "jobs/job_1:cancel"])
async def test_nothing_is_read_from_who_may_not_send_it(it: Running, path: str) -> None:
    sent: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        sent.append(1)
        yield b"x"

    key = it.key(Scope.WORK)
    answer = await it.client.post(f"/v1/{path}", content=body(), headers=UPLOAD | bearer(key))
    it.runtime.audit_log.flush()
    entry = it.workspace.store().audit.latest(1)[0]

    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert (entry.status, entry.key) == (403, key.record.id)
    assert entry.action == f"POST /v1/{path.replace('job_1', '{job}')}"
    assert sent == []


async def test_who_sends_slowly_takes_no_place_of_others(tmp_path: Path) -> None:
    one = Settings(concurrent_requests=1, queued_requests=0, access_log=False)
    async with running(tmp_path / "s", one, routers=[extra_routes()]) as it:
        slow = asyncio.create_task(
            it.client.post("/v1/extra/upload", content=pieces(5, 10, pause=0.1))
        )
        await asyncio.sleep(0.2)
        quick = await it.client.get("/v1/extra/whoami")
        assert (await slow).json()["bytes"] == 50

    assert quick.status_code == 200
