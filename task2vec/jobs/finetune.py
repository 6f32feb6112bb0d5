"""What a fine-tuning job stores: the expert, its outcome and, where it is new, the task."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from task2vec.errors import InputError
from task2vec.finetune.result import Tuned
from task2vec.jobs.checks import settings_of
from task2vec.jobs.findings import (
    Found,
    read_received,
    received_details,
    received_hashes,
    received_task,
    received_thumbnail,
)
from task2vec.service.finetuning import FineTuneResult
from task2vec.service.models.experts import register_tuned, sweep_experts
from task2vec.service.tasks.dataset_sources import name_taken, same_bytes
from task2vec.service.workspace import Workspace
from task2vec.store.tasks.task_rows import task_named
from task2vec.types import JobRecord, TaskRecord
from task2vec.types.names import visible

__all__ = ["expert_id", "prepare_tuned", "sweep_experts"]

_EXPERT = "mdl_"


def prepare_tuned(
    workspace: Workspace, job: JobRecord, found: Found
) -> Callable[[Connection], Mapping[str, Any]]:
    """Return what stores all of it in a transaction and answers.

    When that transaction fails, `sweep_experts` is to be called.

    Raises:
        InputError: when something is missing, or cannot be used.
    """
    question = job.payload
    if found.checkpoint is None or found.tuned is None:
        raise InputError("The worker sent no expert", expected="findings.tuned and a checkpoint")
    path, tuned = found.checkpoint, Tuned.from_json(found.tuned)
    start = workspace.store().models.get(question["start"])
    task = _task(workspace, job, found)

    def commit(connection: Connection) -> Mapping[str, Any]:
        record = task(connection)
        expert, _ = register_tuned(
            workspace,
            tuned,
            path,
            name=question["name"],
            start=start,
            task=record,
            id_=expert_id(job),
            connection=connection,
        )
        answer = FineTuneResult(expert, record, tuned).to_json()
        # They name images, and are shown to others.
        shown = map(visible, answer["warnings"])
        # The worker sends them twice: with all that it found, and with what came of training.
        warnings = list(dict.fromkeys((*found.warnings, *shown)))
        by_class = [{**each, "label": visible(each["label"])} for each in answer["by_class"]]
        resumed = answer["resumed"] and visible(answer["resumed"])
        return {**answer, "by_class": by_class, "warnings": warnings, "resumed": resumed}

    return commit


def expert_id(job: JobRecord) -> str:
    """Return the id of the expert that a job makes.

    It is the job's own, so that what a kill between the file's move and the commit leaves behind
    is overwritten by the next try.
    """
    return _EXPERT + job.id.partition("_")[2]


def _task(workspace: Workspace, job: JobRecord, found: Found) -> Callable[[Connection], TaskRecord]:
    """Return what gives the task in the transaction, and stores it if it has to."""
    store, question = workspace.store(), job.payload
    if question["task"] is not None:
        record = store.tasks.get(question["task"])
        return lambda _: record
    settings = settings_of({})
    dataset = store.datasets.get(question["dataset"])
    embedding = read_received(workspace, found, "task", settings=settings)
    picture = received_thumbnail(found, "task")
    hashes = received_hashes(found, "task", embedding, settings=settings)
    details = received_details(found, "task", embedding)
    new = received_task(dataset, embedding, found, name=dataset.name, settings=settings)

    def give(connection: Connection) -> TaskRecord:
        known = task_named(connection, dataset.name)
        if known is None:
            return store.tasks.add_within(
                connection, new, embedding, thumbnail=picture, hashes=hashes, details=details
            )
        if not same_bytes(known, dataset):
            raise name_taken(dataset.name)
        return known

    return give
