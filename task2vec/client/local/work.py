"""Work on images, done in this process: what a server does as jobs."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

from task2vec.client.backend import OnItemProgress, OnProgress, OnWarning, Source
from task2vec.client.local.records import Answered
from task2vec.client.questions import check_stored_probe
from task2vec.client.upload.pack import check_source
from task2vec.data.batch_sources import BatchSource
from task2vec.errors import SourceError
from task2vec.jobs.workbench import embedding_settings
from task2vec.messages.backtests import Backtest, BacktestQuestion
from task2vec.messages.batches import Item, NewBatch
from task2vec.messages.evaluations import Evaluation, NewEvaluation
from task2vec.messages.finetuning import Tuned
from task2vec.messages.jobs import NewEmbedding, NewTuning, Progress
from task2vec.messages.neighbours import DistanceQuestion, Distances, Neighbours, SearchQuestion
from task2vec.messages.predictions import Prediction
from task2vec.messages.recommendations import RecommendationQuestion, Recommended
from task2vec.messages.settings import EmbeddingSettings
from task2vec.service.models.limits import check_limits
from task2vec.service.models.zoo import list_models
from task2vec.service.tasks.subjects import Subject, resolve
from task2vec.service.workspace import Workspace

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages

Counted = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Order:
    """What an answer is about: sources, and who is told how far it is."""

    workspace: Workspace
    sources: tuple[Source, ...]
    probe: str | None
    progress: OnProgress | None

    @property
    def counted(self) -> Counted | None:
        """The progress in the words of the use cases."""
        return None if self.progress is None else partial(_count, self.progress)

    def named(self) -> "list[str | LabelledImages]":
        """Return the sources as the use cases take them; a path object is always a path.

        Raises `WrongTypeError` for what is no source.
        """
        return [_named(source) for source in self.sources]

    def subjects(self, settings: EmbeddingSettings, *, detailed: bool = False) -> list[Subject]:
        """Return stored tasks, which win, or embed sources for one answer."""
        subjects = [
            resolve(
                self.workspace,
                source,
                probe=settings.probe,
                settings=embedding_settings(settings),
                progress=self.counted,
                detailed=detailed,
            )
            for source in self.named()
        ]
        if all(each.record is not None for each in subjects):
            for each in subjects:
                embedded = each.embedding.provenance.probe_name
                check_stored_probe(each.name, embedded=embedded, given=self.probe)
        return subjects


def _search(order: Order, question: SearchQuestion) -> Neighbours:
    from task2vec.service.tasks.search import nothing_near, search

    (source,) = order.named()
    alone = nothing_near(order.workspace, source)
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

    check_limits(question, list_models(order.workspace))
    (subject,) = order.subjects(question.settings, detailed=True)
    return recommend(order.workspace, question, subject, progress=order.counted)


def _backtest(order: Order, question: BacktestQuestion) -> Backtest:
    from task2vec.service.outcomes.backtest import backtest

    counted = order.counted
    tell = None if counted is None else partial(counted, "asking")
    return backtest(order.workspace, question, progress=tell)


def _embed(order: Order, question: NewEmbedding) -> Answered:
    from task2vec.jobs.embed import embed

    (source,) = order.named()
    counted, error = _with_errors(order.progress)
    return embed(order.workspace, question, source, progress=counted, error=error)


def _finetune(order: Order, question: NewTuning) -> Tuned:
    from task2vec.jobs.finetune import finetune

    (source,) = order.named()
    if not isinstance(source, str):
        raise SourceError(
            "Images in memory cannot be fine-tuned on here",
            expected="a stored task or a path, whose images can be read again",
            remedy="Write them to a folder.",
        )
    counted = order.counted
    tuned, _ = finetune(order.workspace, question, source, progress=counted, embed_progress=counted)
    return tuned


def _evaluate(order: Order, question: NewEvaluation) -> Evaluation:
    from task2vec.jobs.evaluate import evaluate

    (source,) = order.named()
    return evaluate(order.workspace, question, source, progress=order.counted)


WORK: dict[str, Callable[[Order, Any], Any]] = {
    "POST /tasks": _embed,
    "POST /search": _search,
    "POST /distances": _distance,
    "POST /recommendations": _recommend,
    "POST /backtests": _backtest,
    "POST /finetunings": _finetune,
    "POST /evaluations": _evaluate,
}


def batch(
    workspace: Workspace,
    items: Sequence[BatchSource],
    question: NewBatch,
    *,
    dry_run: bool,
    progress: OnItemProgress | None,
) -> Iterator[Item]:
    """Yield what became of each source, once it is on disk."""
    from task2vec.jobs.batches import run_batch

    def counted(item: BatchSource) -> Counted | None:
        return None if progress is None else partial(_count, partial(progress, item.name))

    return run_batch(workspace, items, question, dry_run=dry_run, progress=counted)


def predict(
    workspace: Workspace,
    model: str,
    images: Sequence[str | os.PathLike[str]],
    *,
    warn: OnWarning | None,
    progress: OnProgress | None,
) -> Iterator[Prediction]:
    """Yield what an expert says of each image."""
    from task2vec.jobs.predict import predict

    tell = None if progress is None else partial(_count, progress, "predicting")
    return predict(workspace, model, images, progress=tell, warn=warn)


def _named(source: Source) -> "str | LabelledImages":
    check_source(source)
    if not isinstance(source, os.PathLike):
        return source
    path = os.fspath(source)
    return path if os.path.isabs(path) else os.path.join(os.curdir, path)  # noqa: PTH117, PTH118


def _count(progress: OnProgress, step: str, done: int, total: int) -> None:
    progress(Progress(stage=step, done=done, total=total))


def _with_errors(
    progress: OnProgress | None,
) -> tuple[Counted | None, Callable[[float], None] | None]:
    """Return what embedding tells of images, and of the standard error so far."""
    if progress is None:
        return None, None
    last: list[float] = []

    def tell(step: str, done: int, total: int) -> None:
        error = last[-1] if last and isfinite(last[-1]) else None
        progress(Progress(stage=step, done=done, total=total, standard_error=error))

    return tell, last.append
