"""What is checked before a job is queued, what is shared, and what its worker is told."""

import pytest
from factories import progress_at, which_model
from served import NOW, SETTINGS, asking, embedded, send, tuned

from task2vec.errors import (
    NameTakenError,
    SettingError,
    SourceError,
    UnknownNameError,
)
from task2vec.jobs import jobs, leases
from task2vec.messages.jobs import NewTuning
from task2vec.service.datasets.datasets import remove_dataset
from task2vec.service.packaged_models import default_model_id
from task2vec.service.recommend.recommendation import models_to_measure
from task2vec.service.tasks.subjects import stored_subject
from task2vec.store.jobs.record import JobFailure, JobRecord
from task2vec.types import JobKind, JobState, Priority


def ask(served, dataset, **more) -> JobRecord:
    return jobs.submit(served, asking(JobKind.EMBED, dataset=dataset.id, **more), now=NOW)


def lent_for(served, question) -> leases.Lent:
    """Ask, and be the worker that gets the job."""
    job = jobs.submit(served, question, now=NOW)
    lent = leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    assert lent is not None
    assert lent.job.id == job.id
    return lent


def store_task(served, tmp_path, dataset, **more) -> JobRecord:
    job = ask(served, dataset, **more)
    lent = leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    assert lent is not None
    found = embedded(tmp_path / "sent")
    sent = found.findings(lent.job.fence)
    return leases.complete(served, job.id, sent=sent, files=found.files, now=NOW)


@pytest.mark.parametrize(
    ("question", "error", "words"),
    [
        ({"dataset": "dst_none"}, UnknownNameError, "No data set"),
        ({"settings": {"probe": "file:/etc/passwd?arch=resnet18"}}, UnknownNameError, "no probe"),
        (
            {"settings": {"probe": "timm:resnet18"}},
            UnknownNameError,
            r"'timm:resnet18'\. .*A server embeds with .* a name alone, .*efficientnet_lite0",
        ),
        (
            {"settings": {"probe": "eficientnet_lite1"}},
            UnknownNameError,
            "Did you mean 'efficientnet_lite1'",
        ),
        ({"name": "tsk_0123456789abcdef"}, SettingError, "cannot be used"),
    ],
)
def test_what_could_not_be_worked_on_is_refused_and_not_queued(served, question, error, words):
    dataset = send(served, "pets")
    with pytest.raises(error, match=words):
        jobs.submit(served, asking(JobKind.EMBED, **{"dataset": dataset.id, **question}))
    assert served.store().jobs.list_page() == ((), None)


def test_equal_work_is_one_job_with_the_higher_priority(served):
    first, again = send(served, "pets", seed=1), send(served, "copy", seed=1)
    assert first.sha256 == again.sha256
    low = ask(served, first, priority="low", name="pets")
    high = ask(served, again, priority="high", name="pets")
    assert (high.id, high.priority) == (low.id, Priority.HIGH)
    other = ask(served, first, name="pets", settings={**SETTINGS, "seed": 1})
    assert other.id != low.id
    assert len(served.store().jobs.list_page()[0]) == 2


def test_a_taken_name_is_told_before_any_work(served, tmp_path):
    store_task(served, tmp_path, send(served, "pets"))
    other = send(served, "pets", seed=9)
    with pytest.raises(NameTakenError, match="'pets' already"):
        ask(served, other)
    assert ask(served, other, update=True).state is JobState.QUEUED
    assert ask(served, other, name="others").state is JobState.QUEUED


def test_a_recommendation_asks_what_promises_most_of_a_stored_task(served, sent):
    dataset = send(served, "pets")
    store_task(served, sent.parent, dataset)
    stored = served.store().tasks.get("pets").id
    question = {"task": stored, "settings": SETTINGS, "budget": 5.0}
    lent = lent_for(served, asking(JobKind.RECOMMEND, **question))
    assert (lent.work.measure, lent.work.budget) == (True, 5.0)
    subject = stored_subject(served, stored)
    expected = models_to_measure(served, which_model(), subject)
    assert [model.id for model in lent.work.probe_models] == [m.id for m in expected]
    assert expected[0].id == default_model_id()
    assert len(expected) > 1


@pytest.mark.parametrize(
    ("asked", "probed"),
    [
        ({"budget": 0}, []),
        ({"architecture": "*lite2"}, [default_model_id(), "mdl_efficientnet_lite2"]),
    ],
)
def test_a_recommendation_asks_for_the_models_within_the_limits_and_the_default(
    served, asked, probed
):
    question = {"dataset": send(served, "pets").id, "settings": SETTINGS, **asked}
    lent = lent_for(served, asking(JobKind.RECOMMEND, **question))
    assert lent.work.measure is bool(probed)
    assert [model.id for model in lent.work.probe_models] == probed


def test_a_stored_task_is_worked_on_by_the_images_it_was_embedded_from(served, tmp_path):
    dataset = send(served, "pets")
    store_task(served, tmp_path, dataset)
    lent = lent_for(served, NewTuning(task="pets"))
    job = lent.job
    assert (job.dataset, job.name) == (dataset.id, "pets-from-efficientnet_lite0")
    assert lent.work.datasets["task"].id == dataset.id
    assert lent.work.embedding is False
    assert lent.work.model.id == default_model_id()
    assert lent.work.model.ref == "efficientnet_lite0"


def test_a_task_whose_images_are_gone_cannot_be_measured(served, tmp_path):
    dataset = send(served, "pets")
    store_task(served, tmp_path, dataset)
    remove_dataset(served, dataset.id)
    for kind in (JobKind.RECOMMEND, JobKind.FINETUNE):
        with pytest.raises(SourceError, match=r"of task 'pets'.*embed FOLDER --name pets"):
            jobs.submit(served, asking(kind, task="pets"))


def test_a_model_that_has_gone_since_fails_the_job_and_the_next_is_lent(served, tmp_path):
    dataset = send(served, "pets")
    first = jobs.submit(served, NewTuning(dataset=dataset.id, name="expert"), now=NOW)
    lent = leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    assert lent is not None
    found = tuned(served, new=True)
    sent = found.findings(lent.job.fence)
    done = leases.complete(served, first.id, sent=sent, files=found.files, now=NOW)
    assert done.state is JobState.SUCCEEDED
    doomed = jobs.submit(served, NewTuning(task="pets", start="expert", name="child"), now=NOW)
    served.store().models.remove("expert", cascade=True)
    after = ask(served, send(served, "others", seed=3))
    lent = leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    assert lent is not None
    assert lent.job.id == after.id
    failed = served.store().jobs.get(doomed.id)
    assert (failed.state, failed.error.code) == (JobState.FAILED, "unknown_name")


def test_a_retry_needs_its_data_set(served):
    dataset = send(served, "pets")
    job = ask(served, dataset)
    served.store().jobs.cancel(job.id, now=NOW)
    remove_dataset(served, dataset.id)
    with pytest.raises(SourceError, match="data set of job"):
        served.store().jobs.retry(job.id, now=NOW)
    assert served.store().jobs.get(job.id).state is JobState.CANCELLED


def test_a_worker_that_could_not_reach_the_server_has_not_failed(served):
    job = ask(served, send(served, "pets"))
    away = JobFailure(code="unreachable", problem="There is no connection to the server")
    for number in range(5):
        now = NOW + 100 * number
        lent = leases.lease(served, worker="w", kinds=list(JobKind), now=now)
        told = leases.fail(
            served, job.id, fence=lent.job.fence, failure=away, transient=True, now=now + 1
        )
        assert (told.state, told.attempts) == (JobState.QUEUED, 0)


def test_old_jobs_are_forgotten_and_those_under_way_are_not(served, tmp_path):
    done = store_task(served, tmp_path, send(served, "old"))
    running = ask(served, send(served, "running", seed=2))
    leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    leases.heartbeat(served, running.id, fence=1, progress=progress_at("fisher", 1, 3), now=NOW + 1)
    late = NOW + 1000
    assert served.store().jobs.prune(jobs_before=late - 2000, progress_before=late - 2000) == 0
    assert served.store().jobs.prune(jobs_before=late - 500, progress_before=late - 500) == 1
    assert [job.id for job in served.store().jobs.list_page()[0]] == [running.id]
    with pytest.raises(UnknownNameError):
        served.store().jobs.events_after(done.id)
    assert len(served.store().jobs.events_after(running.id)) == 3
    assert served.store().tasks.get("old").id == done.result["id"]


def test_progress_of_ended_jobs_is_forgotten_earlier_than_their_states(served):
    job = ask(served, send(served, "pets"))
    leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    leases.heartbeat(served, job.id, fence=1, progress=progress_at("x", 1, 3), now=NOW + 1)
    failure = JobFailure(code="x", problem="broken")
    leases.fail(served, job.id, fence=1, failure=failure, transient=False, now=NOW + 2)
    before = served.store().jobs.events_after(job.id)
    assert [event.kind for event in before] == ["state", "state", "progress", "state"]
    served.store().jobs.prune(jobs_before=NOW - 4000, progress_before=NOW + 500)
    assert served.store().jobs.events_after(job.id) == [e for e in before if e.kind == "state"]


def test_a_resumed_stream_of_events_goes_on_where_it_was(served):
    job = ask(served, send(served, "pets"))
    leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    for done in range(1, 6):
        leases.heartbeat(
            served,
            job.id,
            fence=1,
            progress=progress_at("x", done, 5),
            now=NOW + done,
        )
    events = served.store().jobs.events_after(job.id)
    assert [event.job["progress"]["done"] for event in events] == [0, 0, 1, 2, 3, 4, 5]
    for place, event in enumerate(events):
        assert served.store().jobs.events_after(job.id, event.id) == events[place + 1 :]
    assert served.store().jobs.events_after(job.id, limit=2) == events[:2]
