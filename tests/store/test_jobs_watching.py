"""Queries about jobs for the supervision of workers."""

from pathlib import Path

import pytest
from factories import progress_at

from task2vec.errors import LeaseLostError
from task2vec.store.jobs.record import JobRecord
from task2vec.store.jobs.state_machine import MOST_LEASES, MOST_TRIES
from task2vec.store.store import Store
from task2vec.types import JobKind, JobState


def submit(store: Store, number: int = 0) -> JobRecord:
    job = JobRecord(id="", kind=JobKind.EMBED, payload={"number": number})
    return store.jobs.submit(job, now=1000.0 + number)


def lease(store: Store, worker: str, now: float = 2000.0) -> JobRecord:
    job = store.jobs.lease(worker=worker, kinds=[JobKind.EMBED], now=now, seconds=60)
    assert job is not None
    return job


def test_a_dead_worker_loses_its_job_at_once_and_others_keep_theirs(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        submit(store, 0)
        submit(store, 1)
        mine, other = lease(store, "dead"), lease(store, "alive")

        ended = store.jobs.end_worker("dead", now=2001.0)

        assert [(job.id, job.state, job.attempts) for job in ended] == [
            (mine.id, JobState.QUEUED, 1)
        ]
        assert ended[0].error is not None
        assert ended[0].error.code == "worker_lost"
        assert "dead" in str(ended[0].error.got)
        assert store.jobs.get(other.id).state is JobState.RUNNING
        with pytest.raises(LeaseLostError):
            store.jobs.complete(mine.id, fence=mine.fence, result={}, now=2002.0)
        assert store.jobs.end_worker("dead", now=2003.0) == []


def test_a_job_that_kills_its_workers_is_put_into_quarantine(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        submit(store)
        now = 2000.0
        for number in range(MOST_TRIES):
            now += 1000
            job = lease(store, f"w{number}", now)
            store.jobs.heartbeat(
                job.id,
                fence=job.fence,
                progress=progress_at("fisher", 7, 9),
                now=now,
                seconds=60,
            )
            (job,) = store.jobs.end_worker(f"w{number}", now=now)

        assert (job.state, job.quarantined) == (JobState.FAILED, True)
        assert job.error is not None
        assert "'fisher', 7 of 9" in str(job.error.got)


def test_a_job_that_is_being_cancelled_is_cancelled_by_its_workers_death(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        submit(store)
        job = lease(store, "w")
        store.jobs.cancel(job.id, now=2001.0)
        (ended,) = store.jobs.end_worker("w", now=2002.0)

        assert ended.state is JobState.CANCELLED


def test_the_oldest_that_waits(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        assert store.jobs.oldest_queued() is None
        first, second = submit(store, 0), submit(store, 1)
        assert store.jobs.oldest_queued() == first.created
        lease(store, "w")
        assert store.jobs.oldest_queued() == second.created
        lease(store, "w")
        assert store.jobs.oldest_queued() is None


def test_a_worker_that_was_stopped_gives_its_job_back_untried(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        submit(store)
        job = lease(store, "w")
        (ended,) = store.jobs.end_worker("w", now=2001.0, counts=False)
        assert (ended.state, ended.attempts, ended.error) == (JobState.QUEUED, 0, None)
        with pytest.raises(LeaseLostError):
            store.jobs.complete(job.id, fence=job.fence, result={}, now=2002.0)


def test_tries_that_the_end_of_a_server_cut_off_do_not_count(tmp_path: Path) -> None:
    now = 2000.0
    for _ in range(2 * MOST_TRIES):
        with Store.open(tmp_path) as store:
            if not store.jobs.counts():
                submit(store)
            inherited = store.jobs.held()
            now += 1000
            store.jobs.expire(now=now, seconds=60, inherited=inherited)
            job = lease(store, "w", now + 10)
            assert job.attempts == 1
    with Store.open(tmp_path) as store:
        (found,) = store.jobs.expire(now=now + 1000, seconds=60, inherited=store.jobs.held())
    assert (found.state, found.attempts, found.quarantined) == (JobState.QUEUED, 0, False)


def test_a_worker_that_was_heard_of_since_and_then_is_lost_has_failed(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        submit(store)
        job = lease(store, "w")
        inherited = store.jobs.held()
        progress = progress_at("fisher", 1, 9)
        store.jobs.heartbeat(job.id, fence=job.fence, progress=progress, now=2010.0, seconds=60)
        (ended,) = store.jobs.expire(now=3000.0, seconds=60, inherited=inherited)
    assert ended.attempts == 1
    assert ended.error is not None
    assert ended.error.code == "worker_lost"


def test_a_job_that_is_interrupted_for_ever_is_put_aside_at_last(tmp_path: Path) -> None:
    now = 2000.0
    with Store.open(tmp_path) as store:
        submit(store)
        for _ in range(MOST_LEASES):
            job = lease(store, "server", now)
            now += 1000
            (job,) = store.jobs.expire(now=now, seconds=60, inherited=store.jobs.held())
            now += 10
    assert (job.state, job.quarantined, job.attempts) == (JobState.FAILED, True, 0)
    assert job.error is not None
    assert f"/v1/jobs/{job.id}:retry" in str(job.error.remedy)
