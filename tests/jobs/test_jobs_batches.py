"""Batches on a server: items share work, fail alone, and are cancelled alone."""

import pytest
from served import NOW, embed, embedded, end, send

from task2vec.jobs import batches, jobs, leases
from task2vec.jobs.job_messages import item_message
from task2vec.messages.batches import ItemStatus, NewBatch, NewItems
from task2vec.messages.jobs import NewEmbedding
from task2vec.store.jobs.record import JobFailure
from task2vec.types import JobKind, JobState, Priority

FAULT = JobFailure(code="bad_source", problem="no image could be read")


def begin(served, *items, **more):
    new = NewBatch.model_validate({"items": items, **more})
    return batches.create(served, new, now=NOW)


def append(served, batch, *items):
    return batches.append(served, batch.id, NewItems.model_validate({"items": items}), now=NOW)


def item_of(dataset, **more):
    return {"dataset": dataset.id, "name": None, "tags": [], **more}


def status(served, batch):
    return [item.status.value for item in served.store().batches.items(batch.id)[0]]


def counts(served, batch):
    return dict(served.store().batches.get(batch.id).counts)


def work(served, sent, number=0):
    """Be the worker of the next job, and end it well."""
    lent = leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    assert lent is not None
    return end(served, lent.job, embedded(sent, number))


def test_each_item_gets_a_job_with_the_tags_of_both(served, sent):
    first, second = send(served, "first", seed=1), send(served, "second", seed=2)
    batch = begin(
        served,
        item_of(first, tags=["own", "common"]),
        item_of(second, name="renamed"),
        tags=["common"],
        priority=Priority.HIGH,
    )
    assert batch.total == 2
    found = served.store().jobs.list_page(batch=batch.id)[0][::-1]
    assert [job.name for job in found] == ["first", "renamed"]
    assert [job.priority for job in found] == [Priority.HIGH] * 2
    assert [job.batch for job in found] == [batch.id] * 2
    done = work(served, sent)
    record = served.store().tasks.get("first")
    assert record.tags == ("common", "own")
    items = served.store().batches.items(batch.id)[0]
    assert [(i.position, i.name, i.job) for i in items] == [
        (0, "first", done.id),
        (1, "renamed", found[1].id),
    ]
    assert items[0].task == record
    assert item_message(items[0]).task.id == record.id
    assert counts(served, batch) == {ItemStatus.EMBEDDED: 1, ItemStatus.PENDING: 1}


def test_a_batch_that_is_sent_again_goes_on_where_it_was(served, sent):
    datasets = [send(served, f"pets{i}", seed=i) for i in range(4)]
    items = [item_of(dataset) for dataset in datasets]
    begin(served, *items)
    work(served, sent, 1)
    work(served, sent, 2)
    again = begin(served, *items)
    assert status(served, again) == ["unchanged", "unchanged", "pending", "pending"]
    work(served, sent, 3)
    work(served, sent, 4)
    assert leases.lease(served, worker="w", kinds=list(JobKind), now=NOW) is None
    assert status(served, again) == ["unchanged", "unchanged", "embedded", "embedded"]
    assert len(served.store().tasks.list()) == 4


def test_an_item_whose_task_was_stored_by_another_job_meanwhile_is_unchanged(served, sent):
    dataset = send(served, "pets")
    batch = begin(served, item_of(dataset, tags=["of the batch"]))
    question = NewEmbedding(dataset=dataset.id, priority=Priority.HIGH)
    stored = jobs.submit(served, question, now=NOW)
    assert work(served, sent).id == stored.id
    assert work(served, sent).result["status"] == "unchanged"
    assert counts(served, batch) == {ItemStatus.UNCHANGED: 1}


def test_a_faulty_item_does_not_end_the_batch(served, sent):
    good = send(served, "good", seed=1)
    embed(served, sent, "taken", seed=2)
    batch = begin(
        served,
        {"dataset": "dst_none"},
        item_of(send(served, "taken", seed=3)),
        item_of(good),
        item_of(good, name="tsk_0123456789abcdef"),
    )
    items = served.store().batches.items(batch.id)[0]
    assert [i.status.value for i in items] == ["failed", "failed", "pending", "failed"]
    codes = [i.error.code for i in items if i.error is not None]
    assert codes == ["unknown_name", "name_taken", "bad_setting"]
    assert items[0].name == "dst_none"
    leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    leases.fail(served, items[2].job, fence=1, failure=FAULT, transient=False, now=NOW)
    assert counts(served, batch) == {ItemStatus.FAILED: 4}
    failed = served.store().batches.items(batch.id)[0][2]
    assert (failed.error, failed.task) == (FAULT, None)
    served.store().jobs.retry(failed.job, now=NOW)
    retried = served.store().batches.items(batch.id)[0][2]
    assert (retried.status, retried.error) == (ItemStatus.PENDING, None)


def test_two_different_sources_of_one_name_are_told(served):
    one, other = send(served, "pets", seed=1), send(served, "pets", seed=2)
    batch = begin(served, item_of(one), item_of(other), item_of(one), update=True)
    assert status(served, batch) == ["pending", "failed", "pending"]
    items = served.store().batches.items(batch.id)[0]
    assert items[0].job == items[2].job
    assert items[1].error.code == "name_taken"
    more = append(served, batch, item_of(other))
    assert more.counts == {ItemStatus.PENDING: 2, ItemStatus.FAILED: 2}


def test_items_that_are_added_come_after_those_that_were_there(served):
    batch = begin(served, item_of(send(served, "a", seed=1)), tags=["common"])
    append(served, batch, item_of(send(served, "b", seed=2)))
    append(served, batch, item_of(send(served, "c", seed=3)))
    items = served.store().batches.items(batch.id)[0]
    assert [(item.position, item.name) for item in items] == [(0, "a"), (1, "b"), (2, "c")]
    (newest, *_) = served.store().jobs.list_page(batch=batch.id)[0]
    assert served.store().jobs.get(newest.id).payload["tags"] == ["common"]


def test_cancelling_a_batch_ends_its_own_work_only(served, sent):
    own, shared, asked = (send(served, name, seed=i) for i, name in enumerate("abc"))
    batch = begin(served, item_of(own), item_of(shared), item_of(asked))
    other = begin(served, item_of(shared))
    single = jobs.submit(served, NewEmbedding(dataset=asked.id), now=NOW)
    cancelled = batches.cancel_batch(served, batch.id, now=NOW)
    assert cancelled.counts == {ItemStatus.CANCELLED: 3}
    mine, theirs, ours = served.store().batches.items(batch.id)[0]
    assert served.store().jobs.get(mine.job).state is JobState.CANCELLED
    assert (theirs.job, ours.job) == (None, None)
    assert served.store().jobs.get(single.id).state is JobState.QUEUED
    assert status(served, other) == ["pending"]
    work(served, sent, 1)
    work(served, sent, 2)
    assert status(served, other) == ["embedded"]
    assert served.store().jobs.get(single.id).state is JobState.SUCCEEDED
    assert cancelled == batches.cancel_batch(served, batch.id, now=NOW)


def test_a_running_item_is_pending_until_its_worker_has_stopped(served):
    batch = begin(served, item_of(send(served, "pets")))
    lent = leases.lease(served, worker="w", kinds=list(JobKind), now=NOW)
    assert batches.cancel_batch(served, batch.id, now=NOW).counts == {ItemStatus.PENDING: 1}
    leases.fail(served, lent.job.id, fence=1, failure=FAULT, transient=True, now=NOW)
    assert counts(served, batch) == {ItemStatus.CANCELLED: 1}


def test_items_outlive_their_jobs_and_tasks(served, sent):
    batch = begin(served, item_of(send(served, "pets")))
    work(served, sent)
    served.store().jobs.prune(jobs_before=NOW + 990, progress_before=NOW + 990)
    (item,) = served.store().batches.items(batch.id)[0]
    assert (item.status, item.job, item.task.name) == (ItemStatus.EMBEDDED, None, "pets")
    served.store().tasks.remove("pets")
    (item,) = served.store().batches.items(batch.id)[0]
    assert (item.status, item.task) == (ItemStatus.EMBEDDED, None)


def test_a_failure_midway_appends_nothing(served, monkeypatch):
    batch = begin(served, item_of(send(served, "a", seed=1)))
    items = [item_of(send(served, f"more{i}", seed=5 + i)) for i in range(3)]

    def break_down(*_):
        raise RuntimeError("struck")

    monkeypatch.setattr(served.store().batches, "append_within", break_down)
    with pytest.raises(RuntimeError, match="struck"):
        append(served, batch, *items)
    assert counts(served, batch) == {ItemStatus.PENDING: 1}
    assert len(served.store().jobs.list_page()[0]) == 1
