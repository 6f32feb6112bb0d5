"""What a job says of itself and of its end; the order of its steps is that of a model."""

from dataclasses import replace

import pytest
from factories import progress_at

from task2vec.errors import LeaseLostError, StateError
from task2vec.store.jobs import state_machine
from task2vec.store.jobs.record import JobFailure, JobRecord
from task2vec.types import JobKind, JobState

QUEUED = JobRecord(id="job_1", kind=JobKind.EMBED, payload={})
RUNNING = state_machine.leased(QUEUED, worker="w", now=100.0, seconds=60.0)
CANCELLING = replace(RUNNING, state=JobState.CANCELLING)
SUCCEEDED = state_machine.succeeded(RUNNING, {"id": "tsk"}, now=110.0)
FAULT = JobFailure(code="bad_source", problem="no images")


def lease(store, worker, *, now):
    job = store.jobs.lease(worker=worker, kinds=[JobKind.EMBED], now=now, seconds=60)
    assert job is not None
    return job


def test_a_job_has_started_when_it_was_first_lent_and_ends_once():
    assert (RUNNING.worker, RUNNING.started) == ("w", "1970-01-01T00:01:40.000+00:00")
    released = state_machine.released(RUNNING, now=1)
    again = state_machine.leased(released, worker="v", now=200.0, seconds=5.0)
    assert (again.worker, again.started) == ("v", RUNNING.started)
    assert (SUCCEEDED.worker, SUCCEEDED.finished) == (None, "1970-01-01T00:01:50.000+00:00")


@pytest.mark.parametrize("end", ["silent", "dead"])
def test_a_lost_worker_is_named_in_the_reason(store, end):
    store.jobs.submit(QUEUED, now=1000.0)
    job = lease(store, "w", now=2000.0)
    progress = progress_at("fisher", 7, 300)
    store.jobs.heartbeat(job.id, fence=job.fence, progress=progress, now=2010.0, seconds=60)
    if end == "silent":
        (job,) = store.jobs.expire(now=3000.0, seconds=60)
    else:
        (job,) = store.jobs.end_worker("w", now=2020.0)
    assert job.error.code == state_machine.WORKER_LOST
    assert ("no progress for 60 s" if end == "silent" else "died") in job.error.problem
    assert job.error.got == "worker w, stage 'fisher', 7 of 300 images done"
    assert store.jobs.get(job.id) == job


def test_a_job_that_is_interrupted_for_ever_is_put_aside_at_last(store):
    store.jobs.submit(QUEUED, now=1000.0)
    now = 2000.0
    for _ in range(state_machine.MOST_LEASES):
        lease(store, "server", now=now)
        now += 1000
        (job,) = store.jobs.expire(now=now, seconds=60, inherited=store.jobs.held())
        now += 10
    assert (job.state, job.quarantined, job.attempts) == (JobState.FAILED, True, 0)
    assert f"/v1/jobs/{job.id}:retry" in job.error.remedy


def test_the_oldest_that_waits(store):
    assert store.jobs.oldest_queued() is None
    first, second = (store.jobs.submit(replace(QUEUED, id=""), now=1000.0 + n) for n in (0, 1))
    for expected in (first.created, second.created, None):
        assert store.jobs.oldest_queued() == expected
        if expected:
            lease(store, "w", now=2000.0)


def test_a_job_that_succeeded_has_done_all_of_it():
    progress = progress_at("noise", 40, 80, 0.1, 2.0)
    job = replace(RUNNING, progress=progress)
    done = state_machine.succeeded(job, {}, now=1.0)
    assert done.progress == progress_at("noise", 80, 80, 0.1)
    stopped = state_machine.failed(job, FAULT, transient=False, now=1.0)
    assert (stopped.progress, stopped.error) == (progress, FAULT)


def test_success_and_a_retry_forget_the_reason_of_an_earlier_try():
    tried = state_machine.failed(RUNNING, FAULT, transient=True, now=0.0)
    assert tried.error == FAULT
    tried = state_machine.leased(tried, worker="w", now=9.0, seconds=1.0)
    assert state_machine.succeeded(tried, {"id": "tsk"}, now=10.0).error is None
    job = state_machine.failed(RUNNING, FAULT, transient=False, now=1.0)
    again = state_machine.retried(replace(job, quarantined=True), now=7.0)
    assert again == replace(QUEUED, fence=1, not_before=7.0)


def test_what_cannot_be_done_is_said_with_the_state_of_the_job():
    with pytest.raises(StateError, match=r"expected a job that has not ended.*succeeded"):
        state_machine.asked_to_stop(SUCCEEDED, now=1.0)
    with pytest.raises(StateError, match=r"a failed or cancelled job.*running"):
        state_machine.retried(RUNNING, now=1.0)
    for job, fence in ((RUNNING, 0), (RUNNING, 2), (QUEUED, 0), (SUCCEEDED, 1)):
        with pytest.raises(LeaseLostError, match=f"got lease {fence}, and the job is {job.state}"):
            state_machine.check_lease(job, fence)
