"""Embedding a source, and storing it as a task: at once in this process, or as a job."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from task2vec.errors import NameTakenError, SourceError
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.kind import Checked, Kind, check_probe, new_dataset, resolved
from task2vec.jobs.workbench import Workbench, silent
from task2vec.messages.base import Answer
from task2vec.messages.jobs import EmbeddedTask, NewEmbedding
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.tasks import StoredTask
from task2vec.messages.work import EmbedWork
from task2vec.probe.registry import find_card
from task2vec.service.tasks.dataset_sources import labelled_dataset, source_of
from task2vec.service.tasks.subjects import PATH_STARTS, embedder_settings, files_signature
from task2vec.service.tasks.tasks import task_record
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name
from task2vec.store.tasks.task_rows import task_named
from task2vec.store.tasks.tasks import check_own

if TYPE_CHECKING:
    from task2vec.data.task import Task
    from task2vec.embedding.embedder import ErrorSoFar, Progress


def check(workspace: Workspace, question: NewEmbedding) -> Checked[EmbedWork]:
    """Return what a job for the question is about.

    Raises `UnknownNameError` for a data set or probe that is not there, `NameTakenError` when
    another task has the name and it is not to be replaced, `SettingError` for an unusable name.
    """
    dataset = labelled_dataset(workspace, question.dataset)
    work = resolved(EmbedWork, question, dataset=dataset.id, name=question.name or dataset.name)
    stored = stored_already(
        workspace, work.name, work.settings, sha256=dataset.sha256, update=work.update
    )
    answer = None if stored is None else answer_of(stored, status="unchanged")
    return Checked(work, work.name, (dataset,), answer)


def run(work: EmbedWork, bench: Workbench) -> Findings:
    """Embed it."""
    return bench.embed(work.settings, detailed=True, by_class=work.class_pictures)


def commit(workspace: Workspace, work: EmbedWork, findings: Findings) -> Commit:
    """Return what stores the task, unless it is stored from the same bytes in the same way."""
    dataset = workspace.store().datasets.get(work.dataset)
    record = new_task(
        findings,
        name=work.name,
        source=source_of(dataset.id),
        signature=source_signature(dataset.sha256, work.settings),
        tags=work.tags,
    )

    def commit(connection: Connection) -> Answer:
        stored = task_named(connection, record.name)
        if stored is not None and stored.source_signature == record.source_signature:
            return answer_of(stored, status="unchanged")
        added = add_task(workspace, connection, record, findings, replace=work.update)
        return answer_of(added, status="embedded")

    return commit


def embed(
    workspace: Workspace,
    question: NewEmbedding,
    source: "str | Task",
    *,
    progress: "Progress | None" = None,
    error: "ErrorSoFar | None" = None,
) -> StoredTask:
    """Embed a source at once; the task is on disk when this returns.

    ``source`` is a path or a `Task`, and stands for the question's data set; ``error`` hears of the
    standard error so far.

    Raises, before any work, `NameTakenError` when the name is taken and not to be replaced,
    `SettingError` for a name that cannot be used and `StoreError` for a store that cannot be
    written; `SourceError` when the source cannot be embedded. All leave the store as it was.
    """
    if isinstance(source, str):
        task = _opened(source, name=question.name)
    else:
        task = replace(source, name=question.name or source.name)
    check_name(task.name, new=False)
    check_free(workspace, task.name, update=question.update)
    workspace.check_writable()
    # An unknown probe is refused before torch is loaded.
    find_card(question.settings.probe)
    bench = Workbench(
        workspace.engine, {"task": task}, progress=progress or silent, error=error or silent
    )
    findings = bench.embed(question.settings, detailed=True, by_class=question.class_pictures)
    record = new_task(
        findings,
        name=task.name,
        source=task.source,
        signature=signature(task, question.settings),
        tags=question.tags,
    )
    with workspace.store(create=True).transaction() as connection:
        return add_task(workspace, connection, record, findings, replace=question.update)


def _opened(source: str, *, name: str | None) -> "Task":
    from task2vec.data.open import open_source
    from task2vec.data.paths import look_there

    path = Path(source).expanduser()
    if not path.exists() and not source.startswith(PATH_STARTS):
        # The bare word that is most easily mistyped, or meant as something in the store.
        raise SourceError(
            f"There is no file or folder '{source}'",
            expected="a folder with one folder of images per class, an archive, or a list",
            got=f"nothing of this name in {Path.cwd()}",
            remedy=look_there(path),
        )
    return open_source(path, name=name)


def check_free(workspace: Workspace, name: str, *, update: bool) -> None:
    """Raise `NameTakenError` when a task has the name and is not to be replaced.

    And `SettingError` for a new name that cannot be used, `StateError` for a task of a bundle.
    """
    store = workspace.existing_store()
    known = None if store is None else store.tasks.named(name)
    check_name(name, new=known is None)
    if known is not None:
        _check_replaceable(known, update=update)


def signature(task: "Task", settings: EmbeddingSettings) -> str:
    """Return what a batch in this process compares: the source, and how it is embedded."""
    how = f"{settings.probe} {embedder_settings(settings)}"
    return f"{task.signature}:{hashlib.sha256(how.encode()).hexdigest()[:16]}"


def source_signature(sha256: str, settings: EmbeddingSettings) -> str:
    """Return text that is equal for equal bytes that are embedded in the same way."""
    how = json.dumps(settings.model_dump(mode="json"), sort_keys=True)
    return f"{files_signature(sha256)}:{hashlib.sha256(how.encode()).hexdigest()[:16]}"


def stored_already(
    workspace: Workspace, name: str, settings: EmbeddingSettings, *, sha256: str, update: bool
) -> StoredTask | None:
    """Return the task that an embedding of these bytes would leave as it is, if there is one.

    Raises `UnknownNameError` for a probe that is not there, `SettingError` for a name that cannot
    be used, `NameTakenError` when another task has the name and is not to be replaced, `StateError`
    when it came with a bundle.
    """
    check_probe(settings)
    check_name(name, new=False)
    stored = workspace.store().tasks.named(name)
    check_name(name, new=stored is None)
    if stored is None or stored.source_signature == source_signature(sha256, settings):
        return stored
    _check_replaceable(stored, update=update)
    return None


def _check_replaceable(stored: StoredTask, *, update: bool) -> None:
    if not update:
        raise NameTakenError.of_task(stored.name)
    check_own(stored.name, stored.bundle)


def new_task(
    findings: Findings, *, name: str, source: str, signature: str, tags: Sequence[str] = ()
) -> StoredTask:
    """Return the record of a task that was embedded, ready to be stored."""
    embedding = findings.embedded["task"].embedding
    return task_record(
        embedding,
        name=name,
        seconds=findings.report.seconds,
        source=source,
        source_signature=signature,
        tags=tuple(tags),
        warnings=findings.report.warnings,
    )


def add_task(
    workspace: Workspace,
    connection: Connection,
    record: StoredTask,
    findings: Findings,
    *,
    replace: bool = False,
) -> StoredTask:
    """Store a task with what was found of it, as part of a wider transaction."""
    subject = findings.embedded["task"]
    return workspace.store().tasks.add_within(
        connection,
        record,
        subject.embedding,
        thumbnail=subject.thumbnail,
        pictures=subject.pictures if workspace.class_pictures else None,
        hashes=subject.hashes,
        details=subject.details,
        replace=replace,
    )


def answer_of(record: StoredTask, *, status: str) -> EmbeddedTask:
    """Return the answer of a job that embedded a task, or found it stored already."""
    return EmbeddedTask.model_validate({**dict(record), "status": status})


EMBED = Kind(NewEmbedding, EmbedWork, check, run, commit, embeds=new_dataset)
