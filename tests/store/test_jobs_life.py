"""The steps of a job's life, one by one."""

from dataclasses import replace

import pytest
from factories import progress_at

from task2vec.errors import LeaseLostError, StateError
from task2vec.messages.jobs import Progress
from task2vec.store.jobs import state_machine
from task2vec.store.jobs.record import JobFailure, JobRecord
from task2vec.types import JobKind, JobState

QUEUED = JobRecord(id="job_1", kind=JobKind.EMBED, payload={})
RUNNING = state_machine.leased(QUEUED, worker="w", now=100.0, seconds=60.0)
CANCELLING = replace(RUNNING, state=JobState.CANCELLING)
SUCCEEDED = state_machine.succeeded(RUNNING, {"id": "tsk"}, now=110.0)
FAULT = JobFailure(code="bad_source", problem="no images")


def test_a_lease_counts_the_try_and_raises_the_fence():
    assert (RUNNING.state, RUNNING.fence, RUNNING.attempts) == (JobState.RUNNING, 1, 1)
    assert (RUNNING.worker, RUNNING.lease_until) == ("w", 160.0)
    assert RUNNING.started == "1970-01-01T00:01:40.000+00:00"
    again = state_machine.leased(
        state_machine.released(RUNNING, now=1), worker="v", now=200.0, seconds=5.0
    )
    assert (again.fence, again.attempts, again.started) == (2, 1, RUNNING.started)


@pytest.mark.parametrize(
    ("before", "after", "forward"),
    [
        (Progress(), progress_at("reading", 0, 10), True),
        (
            progress_at("reading", 3, 10),
            progress_at("reading", 4, 10),
            True,
        ),
        (
            progress_at("reading", 3, 10),
            progress_at("fisher", 0, 10),
            True,
        ),
        (
            progress_at("reading", 3, 10),
            progress_at("reading", 3, 10, 0.1, 2.0),
            False,
        ),
        (
            progress_at("reading", 3, 10),
            progress_at("reading", 2, 10),
            False,
        ),
    ],
)
def test_progress_is_work_and_not_a_sign_of_life(before, after, forward):
    assert state_machine.went_forward(before, after) is forward


def test_a_transient_failure_waits_longer_each_time_and_ends_in_quarantine():
    job, waits = QUEUED, []
    for _ in range(2):
        job = state_machine.leased(job, worker="w", now=0.0, seconds=60.0)
        job = state_machine.failed(job, FAULT, transient=True, now=50.0)
        assert (job.state, job.error, job.quarantined) == (JobState.QUEUED, FAULT, False)
        assert (job.worker, job.lease_until, job.progress) == (None, None, Progress())
        waits.append(job.not_before - 50.0)
    job = state_machine.leased(job, worker="w", now=99.0, seconds=60.0)
    job = state_machine.failed(job, FAULT, transient=True, now=100.0)
    assert waits == list(state_machine.BACKOFF_SECONDS) == sorted(waits)
    assert (job.state, job.quarantined, job.attempts) == (JobState.FAILED, True, 3)
    assert job.finished == "1970-01-01T00:01:40.000+00:00"


def test_a_permanent_failure_is_not_tried_again():
    job = state_machine.failed(RUNNING, FAULT, transient=False, now=1.0)
    assert (job.state, job.quarantined, job.error) == (JobState.FAILED, False, FAULT)


def test_a_silent_worker_is_named_in_the_reason():
    job = state_machine.lost(
        replace(RUNNING, progress=progress_at("fisher", 7, 300)),
        now=161.0,
        seconds=60.0,
    )
    assert job.state is JobState.QUEUED
    assert job.error is not None
    assert job.error.code == state_machine.WORKER_LOST
    assert "no progress for 60 s" in job.error.problem
    assert job.error.got == "worker w, stage 'fisher', 7 of 300 images done"


def test_a_job_that_succeeded_has_done_all_of_it():
    told = progress_at("noise", 40, 80, 0.1, 2.0)
    done = state_machine.succeeded(replace(RUNNING, progress=told), {}, now=1.0)
    assert done.progress == progress_at("noise", 80, 80, 0.1)
    stopped = state_machine.failed(replace(RUNNING, progress=told), FAULT, transient=False, now=1.0)
    assert stopped.progress == told


def test_success_forgets_the_reason_of_an_earlier_try():
    tried = state_machine.leased(
        state_machine.failed(RUNNING, FAULT, transient=True, now=0.0),
        worker="w",
        now=9.0,
        seconds=1.0,
    )
    assert tried.error == FAULT
    assert state_machine.succeeded(tried, {"id": "tsk"}, now=10.0).error is None


@pytest.mark.parametrize(
    "end",
    [
        lambda job: state_machine.failed(job, FAULT, transient=True, now=1.0),
        lambda job: state_machine.failed(job, FAULT, transient=False, now=1.0),
        lambda job: state_machine.released(job, now=1.0),
        lambda job: state_machine.lost(job, now=1.0, seconds=5.0),
    ],
    ids=["transient", "permanent", "released", "lost"],
)
def test_whatever_ends_a_cancelling_job_cancels_it(end):
    job = end(CANCELLING)
    assert (job.state, job.quarantined, job.error) == (JobState.CANCELLED, False, None)


def test_cancelling_is_at_once_only_while_nobody_works_on_it():
    assert state_machine.asked_to_stop(QUEUED, now=1.0).state is JobState.CANCELLED
    assert state_machine.asked_to_stop(RUNNING, now=1.0) == CANCELLING
    assert state_machine.asked_to_stop(CANCELLING, now=1.0) == CANCELLING


def test_what_has_ended_cannot_be_cancelled():
    with pytest.raises(StateError, match=r"expected a job that has not ended.*succeeded"):
        state_machine.asked_to_stop(SUCCEEDED, now=1.0)


def test_a_retry_starts_anew():
    job = replace(state_machine.failed(RUNNING, FAULT, transient=False, now=1.0), quarantined=True)
    again = state_machine.retried(job, now=7.0)
    assert again == replace(QUEUED, fence=1, not_before=7.0)


@pytest.mark.parametrize("job", [QUEUED, RUNNING, CANCELLING, SUCCEEDED])
def test_only_failed_and_cancelled_jobs_are_retried(job):
    with pytest.raises(StateError, match="a failed or cancelled job"):
        state_machine.retried(job, now=1.0)


def test_a_stale_fence_is_refused_and_says_whose_turn_it_is():
    state_machine.check_lease(RUNNING, 1)
    state_machine.check_lease(CANCELLING, 1)
    for job, fence in ((RUNNING, 0), (RUNNING, 2), (QUEUED, 0), (SUCCEEDED, 1)):
        with pytest.raises(LeaseLostError, match=f"got lease {fence}, and the job is {job.state}"):
            state_machine.check_lease(job, fence)
