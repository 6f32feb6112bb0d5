"""What is stored, as every client is answered: one use case for each request of a server."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from task2vec.client.files import no_checkpoint
from task2vec.client.upload.payload import Payload
from task2vec.errors import StoreError
from task2vec.messages.catalogue import MapQuestion
from task2vec.messages.models import ModelEdit, NewModel
from task2vec.messages.outcomes import NewOutcome
from task2vec.messages.published import PublishedModelPage, PublishedQuestion
from task2vec.messages.tasks import TaskEdit, TaskImport
from task2vec.probe.registry import known_cards
from task2vec.service.models import experts, zoo
from task2vec.service.models.published import page_of_published
from task2vec.service.outcomes import outcomes, recording
from task2vec.service.outcomes.outcome_file import Measured
from task2vec.service.tasks import catalogue, imports, maps
from task2vec.service.workspace import Workspace

Answered = Any
"""A message, or its fields: `as_sent` makes the message of them."""


def _tasks(workspace: Workspace, *, tag: str | None = None, probe: str | None = None) -> Answered:
    store = workspace.existing_store()
    records = store.tasks.list(tag=tag, probe=probe) if store else ()
    return {"tasks": [record.to_json() for record in records]}


def _task(workspace: Workspace, name: str) -> Answered:
    record = workspace.store().tasks.get(name)
    return {**catalogue.task_details(record), "source": record.source}


def _import_task(workspace: Workspace, question: TaskImport, *, embedding: Payload) -> Answered:
    with TemporaryDirectory() as folder:
        path = Path(folder, "embedding.npz")
        path.write_bytes(b"".join(embedding.chunks()))
        return imports.add_embedding(
            workspace, path, name=question.name, tags=question.tags or (), update=question.update
        ).to_json()


def _edit_task(workspace: Workspace, name: str, question: TaskEdit) -> Answered:
    edited = catalogue.edit_task(workspace, name, name=question.name, tags=question.tags)
    return edited.to_json()


def _remove_task(workspace: Workspace, name: str, *, cascade: bool = False) -> None:
    zoo.remove_task(workspace, name, cascade=cascade)


def _models(workspace: Workspace) -> Answered:
    return {"models": [record.to_json() for record in zoo.list_models(workspace)]}


def _model(workspace: Workspace, name: str) -> Answered:
    return zoo.get_model(workspace, name).to_json()


def _add_model(workspace: Workspace, question: NewModel) -> Answered:
    added = zoo.add_model(workspace, question.ref, name=question.name, task=question.task)
    return added.to_json()


def _edit_model(workspace: Workspace, name: str, question: ModelEdit) -> Answered:
    edited = catalogue.edit_model(workspace, name, name=question.name, licence=question.licence)
    return edited.to_json()


def _remove_model(workspace: Workspace, name: str, *, cascade: bool = False) -> None:
    zoo.remove_model(workspace, name, cascade=cascade)


def _checkpoint(workspace: Workspace, name: str) -> bytes:
    record = zoo.get_model(workspace, name)
    path = experts.checkpoint(workspace, record)
    if path is None or not path.is_file():
        raise no_checkpoint(record.name, ref=record.ref)
    return path.read_bytes()


def _published(_workspace: Workspace, **query: Any) -> Answered:
    models, _ = page_of_published(PublishedQuestion.model_validate(query))
    return PublishedModelPage(models=tuple(models))


def _outcomes(workspace: Workspace, **query: Any) -> Answered:
    return {"outcomes": _fields(outcomes.list_outcomes(workspace, **query))}


def _outcome(workspace: Workspace, id_: str) -> Answered:
    return outcomes.get_outcome(workspace, id_).to_json()


def _remove_outcome(workspace: Workspace, id_: str) -> None:
    outcomes.remove_outcomes(workspace, [id_])


def _probes(workspace: Workspace) -> Answered:
    # How many filters one has is known from the tasks of a store, whose state is not at issue.
    try:
        has_store = workspace.existing_store() is not None
    except StoreError:
        has_store = False
    known = catalogue.list_probes(workspace) if has_store else map(_by_card, known_cards())
    return {"probes": [*known]}


def _by_card(card: Any) -> dict[str, Any]:
    more = {"packaged": card.packaged, "input_size": card.preprocessing.input_size}
    return {**asdict(card), **more, "filters": None}


def _none(name: str) -> Callable[..., Answered]:
    return lambda _workspace, **_query: {name: ()}


RECORDS: dict[str, Callable[..., Answered]] = {
    "GET /tasks": _tasks,
    "GET /tasks/{}": _task,
    "POST /tasks:import": _import_task,
    "PATCH /tasks/{}": _edit_task,
    "DELETE /tasks/{}": _remove_task,
    "GET /models": _models,
    "GET /models/{}": _model,
    "GET /models/{}/checkpoint": _checkpoint,
    "GET /published-models": _published,
    "POST /models": _add_model,
    "PATCH /models/{}": _edit_model,
    "DELETE /models/{}": _remove_model,
    "GET /outcomes": _outcomes,
    "GET /outcomes/{}": _outcome,
    "DELETE /outcomes/{}": _remove_outcome,
    "GET /probes": _probes,
    "GET /jobs": _none("jobs"),
    "GET /datasets": _none("datasets"),
}
"""Given the workspace, the names, the question, what the query says and files."""


def add_outcomes(workspace: Workspace, new: Sequence[NewOutcome]) -> Sequence[Answered]:
    """Record outcomes, all or none."""
    measured = [Measured(**each.model_dump()) for each in new]
    return _fields(recording.add_outcomes(workspace, measured))


def import_outcomes(workspace: Workspace, path: Path) -> Sequence[Answered]:
    """Record the outcomes of a CSV file, all or none; a fault is told with its line."""
    return _fields(recording.import_outcomes(workspace, path))


def remove_outcomes(workspace: Workspace, ids: Sequence[str]) -> Sequence[Answered]:
    """Remove outcomes, all or none, and return what they were."""
    return _fields(outcomes.remove_outcomes(workspace, ids))


def _fields(named: Iterable[outcomes.NamedOutcome]) -> Sequence[Answered]:
    return [each.to_json() for each in named]


def draw(workspace: Workspace, question: MapQuestion, path: Path | None) -> Answered:
    """Lay out the stored tasks; write the picture where there is a path."""
    from task2vec.plots.layout import LayoutMethod

    return maps.draw(
        workspace,
        path,
        method=LayoutMethod(question.method.value),
        tag=question.tag,
        thumbnails=question.thumbnails,
        seed=question.seed,
    ).to_json()
