"""Batches: many sources to embed, in turn in this process, or each by a job of a server."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from task2vec.data.batch_sources import BatchSource as Source
from task2vec.data.batch_sources import check_item
from task2vec.data.open import open_source
from task2vec.errors import InputError, NameTakenError, SourceError, StoreError, Task2VecError
from task2vec.jobs.embed import check_free, embed, signature, stored_already
from task2vec.jobs.jobs import job_for
from task2vec.jobs.leases import failure_of
from task2vec.messages.batches import (
    BatchCheck,
    ForeseenItem,
    Item,
    ItemStatus,
    NewBatch,
    NewItem,
    NewItems,
    StoredBatch,
)
from task2vec.messages.jobs import NewEmbedding
from task2vec.messages.tasks import StoredTask, Task
from task2vec.probe.registry import find_card
from task2vec.service.datasets.datasets import check_upload
from task2vec.service.tasks.subjects import stored_task
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.record import JobRecord
from task2vec.store.jobs.repository import datasets_of, gone_datasets
from task2vec.store.sql.identity import check_name, unknown
from task2vec.store.tables.batches import BatchItem
from task2vec.types import JobState

if TYPE_CHECKING:
    from task2vec.embedding.embedder import Progress

_AT_ONCE = 200


def run_batch(
    workspace: Workspace,
    sources: Sequence[Source],
    question: NewBatch,
    *,
    dry_run: bool = False,
    progress: "Callable[[Source], Progress | None] | None" = None,
) -> Iterator[Item]:
    """Embed the sources in turn and yield what became of each once it is on disk.

    An item whose task is stored already, from the same unchanged source with the same settings, is
    ``unchanged``, so that a batch that was interrupted goes on where it stopped. A failed item
    does not end the batch; a store that fails does, with `StoreError`. A dry run refuses what the
    real one refuses before it reads images.
    """
    for position, source in enumerate(sources):
        if source.skipped is not None:
            skipped = SourceError(source.skipped)
            yield Item.failed(position, source.name, skipped, status=ItemStatus.SKIPPED)
            continue
        try:
            status, task = _run(workspace, source, question, dry_run=dry_run, progress=progress)
        except StoreError:
            raise
        except Task2VecError as error:
            yield Item.failed(position, source.name, error)
        else:
            yield Item(
                position=position,
                name=source.name,
                status=status,
                job=None,
                task=task and Task.model_validate(task),
                error=None,
            )


def _run(
    workspace: Workspace,
    source: Source,
    question: NewBatch,
    *,
    dry_run: bool,
    progress: "Callable[[Source], Progress | None] | None",
) -> tuple[ItemStatus, StoredTask | None]:
    check_item(source, new=False)
    task = open_source(source.source, name=source.name)
    stored = stored_task(workspace, source.name)
    check_name(source.name, new=stored is None or stored.name != source.name)
    if stored is not None and stored.source_signature == signature(task, question.settings):
        return ItemStatus.UNCHANGED, stored
    if dry_run:
        # What embedding refuses before any work.
        check_free(workspace, source.name, update=question.update)
        find_card(question.settings.probe)
        return ItemStatus.PENDING, None
    wanted = NewEmbedding(
        dataset=source.name,
        name=source.name,
        tags=tuple(dict.fromkeys((*question.tags, *source.tags))),
        update=question.update,
        class_pictures=question.class_pictures,
        settings=question.settings,
    )
    tell = progress(source) if progress else None
    return ItemStatus.EMBEDDED, embed(workspace, wanted, task, progress=tell)


def create(
    workspace: Workspace, new: NewBatch, *, owner: str | None = None, now: float | None = None
) -> StoredBatch:
    """Begin a batch; return it once it is on disk with all its items."""
    return _append(workspace, None, new.items, options=new, owner=owner, now=now)


def append(
    workspace: Workspace, batch: str, new: NewItems, *, now: float | None = None
) -> StoredBatch:
    """Add items to a batch: all of them or, where that fails, none.

    An item that cannot be worked on fails alone; one whose task is stored already, from the same
    bytes in the same way, is ``unchanged``, and equal work that is under way is shared.

    Raises `UnknownNameError` when there is no such batch.
    """
    record = workspace.store().batches.get(batch)
    options = NewBatch.model_validate(record.options)
    return _append(workspace, record.id, new.items, options=options, owner=record.owner, now=now)


def check(workspace: Workspace, question: BatchCheck, *, largest: int) -> list[BatchItem]:
    """Return what would become of items that are sent and embedded; nothing is written.

    ``largest`` are the most bytes of an upload.
    """
    work: dict[str, str | None] = {}
    return [
        replace(_foresee(workspace, item, question, largest=largest, work=work), position=i)
        for i, item in enumerate(question.items)
    ]


def cancel_batch(workspace: Workspace, batch: str, *, now: float | None = None) -> StoredBatch:
    """Cancel what has not ended; work that somebody else wants too goes on without this batch.

    Raises `UnknownNameError`.
    """
    store = workspace.store()
    store.batches.get(batch)
    moment = time() if now is None else now
    with store.transaction() as connection:
        own = store.batches.give_up_within(connection, batch)
    for first in range(0, len(own), _AT_ONCE):
        # Others write in between, and a job may have ended meanwhile.
        with store.transaction() as connection:
            store.jobs.cancel_many_within(connection, own[first : first + _AT_ONCE], now=moment)
    return store.batches.get(batch)


def _append(
    workspace: Workspace,
    batch: str | None,
    items: Sequence[NewItem],
    *,
    options: NewBatch,
    owner: str | None,
    now: float | None,
) -> StoredBatch:
    store = workspace.store()
    moment = time() if now is None else now
    work = {} if batch is None else store.batches.work_by_name(batch)
    checked = [_ask(workspace, item, options, owner=owner, work=work) for item in items]
    with store.transaction() as connection:
        if batch is None:
            batch = store.batches.create_within(
                connection,
                options=options.model_dump(mode="json", exclude={"items"}),
                owner=owner,
                now=moment,
            )
        checked = _without_gone(connection, checked)
        wanted = [replace(job, batch=batch) for _, job in checked if job is not None]
        under_way = iter(store.jobs.submit_many_within(connection, wanted, now=moment))
        rows = [
            replace(item, position=i, job=None if job is None else next(under_way).id)
            for i, (item, job) in enumerate(checked)
        ]
        store.batches.append_within(connection, batch, rows)
    return store.batches.get(batch)


def _without_gone(
    connection: Connection, checked: Sequence[tuple[BatchItem, JobRecord | None]]
) -> list[tuple[BatchItem, JobRecord | None]]:
    """Let those items fail whose data set was removed since they were looked at."""
    gone = gone_datasets(connection, [job for _, job in checked if job is not None])
    kept: list[tuple[BatchItem, JobRecord | None]] = []
    for item, job in checked:
        lost = gone.intersection(() if job is None else datasets_of(job).values())
        if lost:
            error = failure_of(unknown("data set", asked=min(lost), names=()))
            item, job = replace(item, status=ItemStatus.FAILED, error=error), None
        kept.append((item, job))
    return kept


def _ask(
    workspace: Workspace,
    item: NewItem,
    options: NewBatch,
    *,
    owner: str | None,
    work: dict[str, str | None],
) -> tuple[BatchItem, JobRecord | None]:
    """Return an item, and the job that it takes, if it takes one.

    ``work`` is by name what the batch is doing already, and is added to.
    """
    question = NewEmbedding(
        dataset=item.dataset,
        name=item.name,
        tags=tuple(dict.fromkeys((*options.tags, *item.tags))),
        update=options.update,
        class_pictures=options.class_pictures,
        priority=options.priority,
        settings=options.settings,
    )
    name = item.name or item.dataset
    try:
        job = job_for(workspace, question, owner=owner)
        name = job.name or name
        if job.state is JobState.SUCCEEDED and job.result is not None:
            done = BatchItem(0, name, ItemStatus.UNCHANGED, task=job.result["id"])
            return done, None
        _check_alone(work, name, job.same_as)
    except InputError as error:
        return BatchItem(0, name, ItemStatus.FAILED, error=failure_of(error)), None
    return BatchItem(0, name), job


def _foresee(
    workspace: Workspace,
    item: ForeseenItem,
    options: BatchCheck,
    *,
    largest: int,
    work: dict[str, str | None],
) -> BatchItem:
    """Return what `_ask` would for a data set of these bytes; ``work`` as there."""
    name, sha256 = item.name, item.sha256
    try:
        check_upload(workspace, sha256=sha256, name=name, size=item.bytes, largest=largest)
        stored = stored_already(
            workspace, name, options.settings, sha256=sha256, update=options.update
        )
        if stored is not None:
            return BatchItem(0, name, ItemStatus.UNCHANGED, task=stored)
        _check_alone(work, name, " ".join((sha256, *map(repr, item.tags))))
    except InputError as error:
        return BatchItem(0, name, ItemStatus.FAILED, error=failure_of(error))
    return BatchItem(0, name)


def _check_alone(work: dict[str, str | None], name: str, same_as: str | None) -> None:
    """Raise `NameTakenError` when the batch does other work under a name, added to ``work``."""
    if work.setdefault(name, same_as) != same_as:
        raise NameTakenError(
            f"Another item of the batch is named '{name}'",
            remedy="Give one of them another name.",
        )
