"""What is stored, as every client is answered: one use case for each request of a server."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from task2vec.client.files import no_checkpoint
from task2vec.client.upload.payload import Payload
from task2vec.messages.catalogue import MapQuestion, Probes, TaskMap
from task2vec.messages.models import ModelPage
from task2vec.messages.outcomes import OutcomeFilter, OutcomePage
from task2vec.messages.published import PublishedModelPage, PublishedQuestion
from task2vec.messages.tasks import TaskImport, TaskListing, TaskPage
from task2vec.service.models import experts, registering, zoo
from task2vec.service.models.published import page_of_published
from task2vec.service.outcomes import outcomes
from task2vec.service.probes import list_probes
from task2vec.service.tasks import imports, maps, tasks
from task2vec.service.workspace import Workspace

Answered = Any
"""A message, or its fields: `as_sent` makes the message of them."""


def _tasks(workspace: Workspace, **query: Any) -> Answered:
    store = workspace.existing_store()
    found = store.tasks.list(TaskListing.model_validate(query)) if store else ()
    return TaskPage(tasks=tuple(found))


def _import_task(workspace: Workspace, question: TaskImport, *, embedding: Payload) -> Answered:
    with TemporaryDirectory() as folder:
        path = Path(folder, "embedding.npz")
        path.write_bytes(b"".join(embedding.chunks()))
        return imports.add_embedding(
            workspace, path, name=question.name, tags=question.tags or (), update=question.update
        )


def _models(workspace: Workspace) -> Answered:
    return ModelPage(models=tuple(zoo.list_models(workspace)))


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
    question = OutcomeFilter.model_validate(query)
    if workspace.existing_store() is None:
        return OutcomePage(outcomes=())
    return OutcomePage(outcomes=tuple(outcomes.page_of_outcomes(workspace, question).items))


def _remove_outcome(workspace: Workspace, id_: str) -> None:
    outcomes.remove_outcomes(workspace, [id_])


def _probes(workspace: Workspace) -> Answered:
    return Probes(probes=list_probes(workspace))


def _none(name: str) -> Callable[..., Answered]:
    return lambda _workspace, **_query: {name: ()}


RECORDS: dict[str, Callable[..., Answered]] = {
    "GET /tasks": _tasks,
    "GET /tasks/{}": lambda workspace, name: workspace.store().tasks.get(name),
    "POST /tasks:import": _import_task,
    "PATCH /tasks/{}": tasks.edit_task,
    "DELETE /tasks/{}": tasks.remove_task,
    "GET /models": _models,
    "GET /models/{}": zoo.get_model,
    "GET /models/{}/checkpoint": _checkpoint,
    "GET /published-models": _published,
    "POST /models": registering.add_model,
    "PATCH /models/{}": registering.edit_model,
    "DELETE /models/{}": registering.remove_model,
    "GET /outcomes": _outcomes,
    "GET /outcomes/{}": outcomes.get_outcome,
    "DELETE /outcomes/{}": _remove_outcome,
    "GET /probes": _probes,
    "GET /jobs": _none("jobs"),
    "GET /datasets": _none("datasets"),
}
"""Given the workspace, the names, the question, what the query says and files."""


def draw(workspace: Workspace, question: MapQuestion, path: Path | None) -> TaskMap:
    """Lay out the stored tasks; write the picture where there is a path."""
    from task2vec.plots.layout import LayoutMethod

    return maps.draw(
        workspace,
        path,
        method=LayoutMethod(question.method.value),
        tag=question.tag,
        thumbnails=question.thumbnails,
        seed=question.seed,
    )
