"""Jobs whose worker is silent until its lease is over."""

from pathlib import Path

from task2vec.store.jobs.record import JobRecord
from task2vec.store.store import Store
from task2vec.types import JobKind, JobState


def lent(store: Store, number: int) -> JobRecord:
    """Queue a job and lend it for 60 seconds at 2000."""
    asked = JobRecord(id="", kind=JobKind.EMBED, payload={"number": number})
    store.jobs.submit(asked, now=1000.0)
    job = store.jobs.lease(worker=f"w{number}", kinds=[JobKind.EMBED], now=2000.0, seconds=60)
    assert job is not None
    return job


def test_a_cancelled_job_of_a_dead_worker_ends_as_cancelled(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        unwanted = lent(store, 0)
        assert store.jobs.cancel(unwanted.id, now=2001.0).state is JobState.CANCELLING

        assert store.jobs.expire(now=2059.0, seconds=60) == []
        (ended,) = store.jobs.expire(now=2061.0, seconds=60)

        assert (ended.id, ended.state, ended.worker) == (unwanted.id, JobState.CANCELLED, None)
        assert store.jobs.get(unwanted.id) == ended
        # Once: it is nobody's now.
        assert store.jobs.expire(now=9999.0, seconds=60) == []


def test_what_is_wanted_is_queued_again_beside_what_is_not(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        wanted, unwanted = lent(store, 0), lent(store, 1)
        store.jobs.cancel(unwanted.id, now=2001.0)

        ended = store.jobs.expire(now=2061.0, seconds=60)

        assert [(job.id, job.state) for job in ended] == [
            (wanted.id, JobState.QUEUED),
            (unwanted.id, JobState.CANCELLED),
        ]
