"""The recommender judged by a job that the server does itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import backtest_store
import pytest
import small_store
from running import Running, bearer, running
from starlette.concurrency import run_in_threadpool

from task2vec.messages.backtests import Backtest
from task2vec.types import Scope

pytestmark = pytest.mark.anyio


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    store = backtest_store.fill(small_store.build().store, tmp_path / "store")
    async with running(store) as found:
        yield found


async def test_the_answer_comes_where_it_is_waited_for(server: Running) -> None:
    asked = {"folds": "family"}
    answer = await server.client.post(
        "/v1/backtests", json=asked, headers={"Prefer": "wait=55"}, timeout=60
    )
    assert answer.status_code == 200
    found = Backtest.model_validate(answer.json())
    assert (found.tasks, found.folds, found.verdict) == (12, "family", "no")
    assert [each.name for each in found.rankers][-1] == "task2vec"


async def test_who_may_only_read_does_not_set_the_server_to_work(server: Running) -> None:
    await run_in_threadpool(server.app.state.backtests.stop, 10)
    reads, writes = server.key(Scope.READ, name="reads"), server.key(Scope.WRITE, name="writes")
    refused = await server.client.post("/v1/backtests", json={}, headers=bearer(reads))
    begun = await server.client.post("/v1/backtests", json={}, headers=bearer(writes))
    jobs = (await server.client.get("/v1/jobs", headers=bearer(reads))).json()["jobs"]

    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert begun.status_code == 202
    assert [job["id"] for job in jobs] == [begun.json()["id"]]


async def test_it_is_a_job_that_is_shared_until_there_are_other_outcomes(server: Running) -> None:
    await run_in_threadpool(server.app.state.backtests.stop, 10)
    first = await server.client.post("/v1/backtests", json={})
    assert first.status_code == 202
    job = first.json()
    assert first.headers["location"] == f"/v1/jobs/{job['id']}"
    assert (job["kind"], job["state"]) == ("backtest", "queued")

    again = await server.client.post("/v1/backtests", json={})
    assert again.json()["id"] == job["id"]
    outcome = {"model": "efficientnet_lite1", "task": "emoji_food", "accuracy": 0.5}
    added = await server.client.post("/v1/outcomes", json={"outcomes": [outcome]})
    other = await server.client.post("/v1/backtests", json={})
    assert other.json()["id"] != job["id"]

    # As many as before, and not the same.
    await server.client.delete(f"/v1/outcomes/{added.json()['outcomes'][0]['id']}")
    await server.client.post("/v1/outcomes", json={"outcomes": [{**outcome, "accuracy": 0.6}]})
    third = await server.client.post("/v1/backtests", json={})
    assert third.json()["id"] not in (job["id"], other.json()["id"])


async def test_a_server_that_stops_hands_it_back(server: Running) -> None:
    backtests = server.app.state.backtests
    await run_in_threadpool(backtests.stop, 10)
    job = (await server.client.post("/v1/backtests", json={})).json()["id"]

    assert await run_in_threadpool(backtests.work) is True

    shown = (await server.client.get(f"/v1/jobs/{job}")).json()
    assert (shown["state"], shown["result"]) == ("queued", None)
    cancelled = await server.client.post(f"/v1/jobs/{job}:cancel")
    assert cancelled.json()["state"] == "cancelled"
    assert await run_in_threadpool(backtests.work) is False


async def test_other_folds_are_refused(server: Running) -> None:
    answer = await server.client.post("/v1/backtests", json={"folds": "year"})
    assert answer.status_code == 422
    assert "folds" in answer.json()["detail"]
