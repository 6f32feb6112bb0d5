"""Batches on a server: many data sets to embed, each by a job or by none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import time
from typing import Any

from sqlalchemy import Connection

from task2vec.errors import InputError, NameTakenError
from task2vec.jobs.checks import stored_already
from task2vec.jobs.jobs import job_for
from task2vec.jobs.leases import failure_of
from task2vec.service.datasets.datasets import check_upload
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.repository import datasets_of, gone_datasets
from task2vec.store.sql.identity import unknown
from task2vec.store.tables.batches import BatchItem, BatchRecord, ItemStatus
from task2vec.types import JobKind, JobRecord, JobState, Priority

_AT_ONCE = 200


@dataclass(frozen=True)
class BatchPage:
    """Some batches, newest first; ``next`` is where to read on, or None."""

    batches: tuple[BatchRecord, ...]
    next: int | None


@dataclass(frozen=True)
class ItemPage:
    """Some items of a batch in their order; ``next`` is where to read on, or None."""

    items: tuple[BatchItem, ...]
    next: int | None


def create(
    workspace: Workspace,
    *,
    items: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    tags: Sequence[str] = (),
    update: bool = False,
    priority: Priority = Priority.LOW,
    owner: str | None = None,
    now: float | None = None,
) -> BatchRecord:
    """Begin a batch; return it once it is on disk with all its items.

    Args:
        workspace: the store.
        items: each names a ``dataset`` and may have a ``name`` and ``tags``.
        settings: how they are embedded, as on the wire.
        tags: of every task, before its own.
        update: replace tasks of these names.
        priority: of the jobs.
        owner: the key that asks.
        now: seconds since 1970.
    """
    options = {
        "settings": dict(settings),
        "tags": list(tags),
        "update": update,
        "priority": priority.value,
    }
    return _append(workspace, None, items, options=options, owner=owner, now=now)


def append(
    workspace: Workspace,
    batch: str,
    items: Sequence[Mapping[str, Any]],
    *,
    now: float | None = None,
) -> BatchRecord:
    """Add items to a batch: all of them or, where that fails, none.

    An item that cannot be worked on fails alone; one whose task is stored already, from the same
    bytes in the same way, is ``unchanged``, and equal work that is under way is shared.

    Raises `UnknownNameError` when there is no such batch.
    """
    known = workspace.store().batches.get(batch)
    return _append(workspace, known.id, items, options=known.options, owner=known.owner, now=now)


def check(
    workspace: Workspace,
    items: Sequence[Mapping[str, Any]],
    *,
    settings: Mapping[str, Any],
    tags: Sequence[str] = (),
    update: bool = False,
    largest: int,
) -> list[BatchItem]:
    """Return what would become of items that are sent and embedded; nothing is written.

    Args:
        workspace: the store.
        items: each has the ``name``, the ``sha256`` and the ``bytes`` of what would be sent, and
            may have ``tags``.
        settings: how they would be embedded, as on the wire.
        tags: of every task, before its own.
        update: replace tasks of these names.
        largest: the most bytes of an upload.
    """
    options = {"settings": dict(settings), "tags": list(tags), "update": update}
    work: dict[str, str | None] = {}
    return [
        replace(_foresee(workspace, item, options, largest=largest, work=work), position=i)
        for i, item in enumerate(items)
    ]


def get_batch(workspace: Workspace, id_: str) -> BatchRecord:
    """Return one batch; raises `UnknownNameError`."""
    return workspace.store().batches.get(id_)


def list_batches(workspace: Workspace, *, limit: int = 100, before: int | None = None) -> BatchPage:
    """Return up to ``limit`` batches from the place ``before`` on, newest first."""
    return BatchPage(*workspace.store().batches.page(limit=limit, before=before))


def list_items(
    workspace: Workspace, batch: str, *, limit: int = 1000, after: int | None = None
) -> ItemPage:
    """Return up to ``limit`` items after the place ``after``; raises `UnknownNameError`."""
    return ItemPage(*workspace.store().batches.items(batch, limit=limit, after=after))


def cancel_batch(workspace: Workspace, batch: str, *, now: float | None = None) -> BatchRecord:
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
    items: Sequence[Mapping[str, Any]],
    *,
    options: Mapping[str, Any],
    owner: str | None,
    now: float | None,
) -> BatchRecord:
    store = workspace.store()
    moment = time() if now is None else now
    work = {} if batch is None else store.batches.work_by_name(batch)
    asked = [_ask(workspace, item, options, owner=owner, work=work) for item in items]
    with store.transaction() as connection:
        if batch is None:
            batch = store.batches.create_within(
                connection, options=options, owner=owner, now=moment
            )
        asked = _without_gone(connection, asked)
        wanted = [replace(job, batch=batch) for _, job in asked if job is not None]
        under_way = iter(store.jobs.submit_many_within(connection, wanted, now=moment))
        rows = [
            replace(item, position=i, job=None if job is None else next(under_way).id)
            for i, (item, job) in enumerate(asked)
        ]
        store.batches.append_within(connection, batch, rows)
    return store.batches.get(batch)


def _without_gone(
    connection: Connection, asked: Sequence[tuple[BatchItem, JobRecord | None]]
) -> list[tuple[BatchItem, JobRecord | None]]:
    """Let those items fail whose data set was removed since they were looked at."""
    gone = gone_datasets(connection, [job for _, job in asked if job is not None])
    kept: list[tuple[BatchItem, JobRecord | None]] = []
    for item, job in asked:
        lost = gone.intersection(() if job is None else datasets_of(job).values())
        if lost:
            error = failure_of(unknown("data set", asked=min(lost), names=()))
            item, job = replace(item, status=ItemStatus.FAILED, error=error), None
        kept.append((item, job))
    return kept


def _ask(
    workspace: Workspace,
    item: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    owner: str | None,
    work: dict[str, str | None],
) -> tuple[BatchItem, JobRecord | None]:
    """Return an item, and the job that it takes, if it takes one.

    ``work`` is by name what the batch is doing already, and is added to.
    """
    tags = tuple(dict.fromkeys((*options["tags"], *(item.get("tags") or ()))))
    question = {**item, **options, "tags": list(tags)}
    name = item.get("name") or item["dataset"]
    try:
        job = job_for(workspace, JobKind.EMBED, question, owner=owner)
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
    item: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    largest: int,
    work: dict[str, str | None],
) -> BatchItem:
    """Return what `_ask` would for a data set of these bytes; ``work`` as there."""
    name, sha256 = item["name"], item["sha256"]
    try:
        check_upload(workspace, sha256=sha256, name=name, size=item["bytes"], largest=largest)
        known = stored_already(workspace, {**item, **options}, sha256=sha256)
        if known is not None:
            return BatchItem(0, name, ItemStatus.UNCHANGED, task=known)
        _check_alone(work, name, " ".join((sha256, *map(repr, item.get("tags") or ()))))
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
