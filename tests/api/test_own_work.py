"""Jobs that the server does itself: slow steps, and what nobody foresaw."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from threading import Event

import pytest
from running import running
from starlette.concurrency import run_in_threadpool

from task2vec.errors import StateError
from task2vec.jobs.leases import Lent
from task2vec.messages.base import Answer
from task2vec.store.jobs import Jobs
from task2vec.store.jobs.record import JobRecord
from task2vec.types import JobKind, JobState
from task2vec_api.in_process_worker import Backtests, Beat
from task2vec_api.runtime import Runtime
from task2vec_api.settings import Settings

pytestmark = pytest.mark.anyio


class Slow(Backtests):
    """Takes longer for a step than the lease of a worker is."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.told: list[bool] = []

    def do(self, lent: Lent, beat: Beat) -> Answer:
        for done in range(2):
            time.sleep(1.2)
            self.told.append(beat(done, 2))
        return Answer()


class Interrupted(Backtests):
    """Loses, when the server stops, what it works with; then does not end for a while."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.at_work = Event()

    def do(self, lent: Lent, beat: Beat) -> Answer:
        self.at_work.set()
        while not beat(0, 1):
            time.sleep(0.01)
        time.sleep(0.7)
        raise StateError("The server is stopping")


class Broken(Backtests):
    """Fails in a way that nobody foresaw."""

    def do(self, lent: Lent, beat: Beat) -> Answer:
        raise ZeroDivisionError("/srv/secret")


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[tuple[Runtime, Jobs, str]]:
    """An app that does no backtest by itself, and a backtest that waits."""
    brief = Settings(lease_seconds=1, access_log=False)
    async with running(tmp_path / "s", brief) as it:
        await run_in_threadpool(it.app.state.backtests.stop, 10)
        jobs = it.workspace.store().jobs
        job = jobs.submit(JobRecord(id="", kind=JobKind.BACKTEST, payload={}), now=time.time())
        yield it.runtime, jobs, job.id


async def test_a_step_of_a_backtest_may_take_longer_than_the_lease_of_a_worker(
    alone: tuple[Runtime, Jobs, str],
) -> None:
    runtime, jobs, job = alone
    slow = Slow(runtime)
    assert await run_in_threadpool(slow.work)
    assert slow.told == [False, False]
    assert jobs.get(job).state is JobState.SUCCEEDED


async def test_the_end_waits_no_longer_than_it_is_told_and_the_job_is_handed_back(
    alone: tuple[Runtime, Jobs, str],
) -> None:
    runtime, jobs, job = alone
    own = Interrupted(runtime)
    own.start()
    runtime.woken[JobKind.BACKTEST].set()
    assert await run_in_threadpool(own.at_work.wait, 10)
    begun = time.monotonic()
    await run_in_threadpool(own.stop, 0.2)
    assert time.monotonic() - begun < 0.6
    assert jobs.get(job).state is JobState.RUNNING
    await run_in_threadpool(own.stop, 10)
    found = jobs.get(job)
    assert (found.state, found.attempts, found.error) == (JobState.QUEUED, 0, None)


async def test_what_nobody_foresaw_is_said_and_tried_again(
    alone: tuple[Runtime, Jobs, str],
) -> None:
    runtime, jobs, job = alone
    assert await run_in_threadpool(Broken(runtime).work)
    found = jobs.get(job)
    assert found.state is JobState.QUEUED
    assert found.error is not None
    assert (found.error.code, found.error.got) == ("internal", "ZeroDivisionError")
    assert "secret" not in str(found.error)
