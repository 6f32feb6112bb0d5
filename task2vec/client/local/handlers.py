"""The handler of each request, on a store of this machine and in this process."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

from task2vec.client.backend import OnProgress, Source
from task2vec.client.files import no_checkpoint
from task2vec.client.questions import check_stored_probe
from task2vec.client.upload.pack import check_source
from task2vec.client.upload.payload import Payload
from task2vec.errors import SourceError
from task2vec.messages.backtests import Backtest, BacktestQuestion
from task2vec.messages.bundles import BundleExport, BundleImport, ImportedBundle
from task2vec.messages.catalogue import Probes
from task2vec.messages.comparisons import Comparison, NewComparison
from task2vec.messages.datasets import DatasetPage
from task2vec.messages.evaluations import Evaluation, NewEvaluation
from task2vec.messages.finetuning import Tuned
from task2vec.messages.jobs import JobPage, NewEmbedding, NewTuning, Progress
from task2vec.messages.keys import KeyAccess
from task2vec.messages.models import ModelPage
from task2vec.messages.neighbours import DistanceQuestion, Distances, Neighbours, SearchQuestion
from task2vec.messages.outcomes import OutcomeFilter, OutcomePage
from task2vec.messages.published import PublishedModelPage, PublishedQuestion
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.messages.recommendations import (
    Recommended,
)
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.tasks import StoredTask, TaskImport, TaskListing, TaskPage
from task2vec.service import outcomes
from task2vec.service.bundles.exporting import export_bundle
from task2vec.service.bundles.importing import (
    import_bundle,
    import_shipped,
    list_bundles,
    remove_bundle,
)
from task2vec.service.models import experts, registering, zoo
from task2vec.service.models.limits import check_limits
from task2vec.service.models.published import page_of_published
from task2vec.service.models.zoo import list_probes
from task2vec.service.tasks import imports, tasks, views
from task2vec.service.tasks.map_columns import map_columns
from task2vec.service.tasks.subjects import Subject, resolve
from task2vec.service.workspace import Workspace

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages

Counted = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Order:
    """The sources of a question, and the function that receives its progress."""

    workspace: Workspace
    sources: tuple[Source, ...]
    probe: str | None
    progress: OnProgress | None

    @property
    def counted(self) -> Counted | None:
        """The progress in the words of the use cases."""
        return None if self.progress is None else partial(count, self.progress)

    @property
    def source(self) -> "str | LabelledImages":
        """The only source, as the use cases take it."""
        (source,) = self.sources
        return as_taken(source)

    def readable(self) -> str:
        """Return the one source; raises `SourceError` for images that cannot be read again."""
        source = self.source
        if not isinstance(source, str):
            raise SourceError(
                "Images in memory cannot be fine-tuned on here",
                expected="a stored task or a path, whose images can be read again",
                remedy="Write them to a folder.",
            )
        return source

    def subjects(self, settings: EmbeddingSettings, *, detailed: bool = False) -> list[Subject]:
        """Return stored tasks, which win, or embed sources for one answer."""
        subjects = [
            resolve(
                self.workspace,
                source,
                settings=settings,
                progress=self.counted,
                detailed=detailed,
            )
            for source in map(as_taken, self.sources)
        ]
        if all(each.record is not None for each in subjects):
            for each in subjects:
                embedded = each.embedding.provenance.probe_name
                check_stored_probe(each.name, embedded=embedded, given=self.probe)
        return subjects


def _search(order: Order, question: SearchQuestion) -> Neighbours:
    from task2vec.service.tasks.search import nothing_near, search

    alone = nothing_near(order.workspace, order.source)
    if alone is not None:
        return Neighbours(task=alone, neighbours=())
    (subject,) = order.subjects(question.settings)
    return search(order.workspace, question, subject)


def _distance(order: Order, question: DistanceQuestion) -> Distances:
    from task2vec.service.tasks.search import distances

    source, target = order.subjects(question.settings)
    return distances(order.workspace, source, target)


def _recommend(order: Order, question: RecommendationQuestion) -> Recommended:
    from task2vec.service.recommend.recommendation import recommend

    check_limits(question, zoo.list_models(order.workspace))
    began = perf_counter()
    (subject,) = order.subjects(question.settings, detailed=True)
    spent = perf_counter() - began
    return recommend(order.workspace, question, subject, spent=spent, progress=order.counted)


def _backtest(order: Order, question: BacktestQuestion) -> Backtest:
    from task2vec.jobs.backtest import backtest

    counted = order.counted
    tell = None if counted is None else partial(counted, "asking")
    return backtest(order.workspace, question, progress=tell)


def _embed(order: Order, question: NewEmbedding) -> StoredTask:
    from task2vec.jobs.embed import embed

    counted, error = _with_errors(order.progress)
    return embed(order.workspace, question, order.source, progress=counted, error=error)


def _finetune(order: Order, question: NewTuning) -> Tuned:
    from task2vec.jobs.finetune import finetune

    source, counted = order.readable(), order.counted
    tuned, _ = finetune(order.workspace, question, source, progress=counted, embed_progress=counted)
    return tuned


def _compare(order: Order, question: NewComparison) -> Comparison:
    from task2vec.jobs.compare import compare

    return compare(order.workspace, question, order.readable(), progress=order.counted)


def _evaluate(order: Order, question: NewEvaluation) -> Evaluation:
    from task2vec.jobs.evaluate import evaluate

    return evaluate(order.workspace, question, order.source, progress=order.counted)


#: Given the order and the question.
WORK: dict[str, Callable[[Order, Any], Any]] = {
    "POST /tasks": _embed,
    "POST /search": _search,
    "POST /distances": _distance,
    "POST /recommendations": _recommend,
    "POST /backtests": _backtest,
    "POST /finetunings": _finetune,
    "POST /evaluations": _evaluate,
    "POST /comparisons": _compare,
}


def as_taken(source: Source) -> "str | LabelledImages":
    """Return a source as the use cases take it; a path object is always a path.

    Raises `WrongTypeError` for what is no source.
    """
    check_source(source)
    if not isinstance(source, os.PathLike):
        return source
    path = os.fspath(source)
    return path if os.path.isabs(path) else os.path.join(os.curdir, path)  # noqa: PTH117, PTH118


def count(progress: OnProgress, step: str, done: int, total: int) -> None:
    """Tell progress in the words of the use cases."""
    progress(Progress(stage=step, done=done, total=total))


def _with_errors(
    progress: OnProgress | None,
) -> tuple[Counted | None, Callable[[float], None] | None]:
    """Return callbacks for the images done, and for the standard error so far."""
    if progress is None:
        return None, None
    last: list[float] = []

    def tell(step: str, done: int, total: int) -> None:
        error = last[-1] if last and isfinite(last[-1]) else None
        progress(Progress(stage=step, done=done, total=total, standard_error=error))

    return tell, last.append


def _tasks(workspace: Workspace, question: TaskListing) -> TaskPage:
    store = workspace.existing_store()
    return TaskPage(tasks=tuple(store.tasks.list(question)) if store else ())


def _import_task(workspace: Workspace, question: TaskImport, *, embedding: Payload) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder, "embedding.npz")
        path.write_bytes(b"".join(embedding.chunks()))
        return imports.add_embedding(
            workspace, path, name=question.name, tags=question.tags or (), update=question.update
        )


def _embedding(workspace: Workspace, name: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "embedding.npz")
        tasks.export(workspace, name, path)
        return path.read_bytes()


def _export_bundle(workspace: Workspace, question: BundleExport) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "bundle")
        export_bundle(workspace, question, path)
        return path.read_bytes()


def _import_bundle(
    workspace: Workspace, question: BundleImport, *, bundle: Payload
) -> ImportedBundle:
    with TemporaryDirectory() as folder:
        path = Path(folder, bundle.name)
        path.write_bytes(b"".join(bundle.chunks()))
        return import_bundle(workspace, question, path)


def _checkpoint(workspace: Workspace, name: str) -> bytes:
    record = zoo.get_model(workspace, name)
    path = experts.checkpoint(workspace, record)
    if path is None or not path.is_file():
        raise no_checkpoint(record.name, ref=record.ref)
    return path.read_bytes()


def _published(_: Workspace, question: PublishedQuestion) -> PublishedModelPage:
    models, _place = page_of_published(question)
    return PublishedModelPage(models=tuple(models))


def _outcomes(workspace: Workspace, question: OutcomeFilter) -> OutcomePage:
    if workspace.existing_store() is None:
        return OutcomePage(outcomes=())
    return OutcomePage(outcomes=tuple(outcomes.page_of_outcomes(workspace, question).items))


#: Given the workspace, the names, the question, what the query says and files.
RECORDS: dict[str, Callable[..., Any]] = {
    "GET /tasks": _tasks,
    "GET /tasks/{}": lambda workspace, name: workspace.store().tasks.get(name),
    "GET /tasks/{}/embedding": _embedding,
    "GET /tasks/{}/pictures": views.pictures_of,
    "GET /tasks/{}/pictures/sheet": views.picture_sheet,
    "GET /tasks/{}/layers": views.layers_of,
    "POST /tasks:import": _import_task,
    "PATCH /tasks/{}": tasks.edit_task,
    "DELETE /tasks/{}": tasks.remove_task,
    "GET /models": lambda workspace: ModelPage(models=tuple(zoo.list_models(workspace))),
    "GET /models/{}": zoo.get_model,
    "GET /models/{}/checkpoint": _checkpoint,
    "GET /published-models": _published,
    "POST /models": registering.add_model,
    "PATCH /models/{}": registering.edit_model,
    "DELETE /models/{}": registering.remove_model,
    "GET /outcomes": _outcomes,
    "GET /outcomes/{}": outcomes.get_outcome,
    "DELETE /outcomes/{}": lambda workspace, id_: outcomes.remove_outcomes(workspace, [id_]),
    "GET /bundles": list_bundles,
    "POST /bundles": _import_bundle,
    "POST /bundles/{}:import": import_shipped,
    "POST /bundles:export": _export_bundle,
    "DELETE /bundles/{}": remove_bundle,
    "GET /map/columns": map_columns,
    "GET /probes": lambda workspace: Probes(probes=list_probes(workspace)),
    "GET /key": lambda _: KeyAccess(),
    "GET /jobs": lambda _, **_query: JobPage(jobs=()),
    "GET /datasets": lambda _, **_query: DatasetPage(datasets=()),
}
