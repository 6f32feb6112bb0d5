"""The kinds of work, each with its steps: from a question to what is stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from task2vec.jobs import (
    backtest,
    distances,
    embed,
    evaluate,
    fetch,
    finetune,
    predict,
    recommend,
    search,
)
from task2vec.jobs.checked import Checked
from task2vec.jobs.findings import Commit, Findings
from task2vec.jobs.workbench import Workbench
from task2vec.messages.backtests import BacktestQuestion
from task2vec.messages.base import Question
from task2vec.messages.datasets import NewRemoteDataset
from task2vec.messages.evaluations import NewEvaluation
from task2vec.messages.jobs import NewEmbedding, NewTuning
from task2vec.messages.neighbours import DistanceQuestion, SearchQuestion
from task2vec.messages.predictions import NewPrediction
from task2vec.messages.recommendations import RecommendationQuestion
from task2vec.messages.work import (
    BacktestWork,
    DistancesWork,
    EmbedWork,
    EvaluateWork,
    FetchWork,
    FinetuneWork,
    PredictWork,
    RecommendWork,
    SearchWork,
    Work,
)
from task2vec.service.workspace import Workspace
from task2vec.types import JobKind

Q = TypeVar("Q", bound=Question)
W = TypeVar("W", bound=Work)


def _as_it_is(_: Workspace, work: Any) -> Any:
    return work


def _nothing(_: Any) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Kind(Generic[Q, W]):
    """A kind of work.

    ``check`` refuses what could not be worked on, and looks names up; ``lend`` adds what a worker
    needs to know. ``run`` does the work, in any process, and ``commit`` returns what stores it and
    answers, in the store's; the server itself does the kinds that have neither. ``embeds`` are the
    data sets, by role, whose embeddings ``commit`` needs.
    """

    question: type[Q]
    work: type[W]
    check: Callable[[Workspace, Q], Checked[W]]
    run: Callable[[W, Workbench], Findings] | None = None
    commit: Callable[..., Commit] | None = None
    lend: Callable[[Workspace, W], W] = _as_it_is
    embeds: Callable[[W], dict[str, str]] = _nothing


KINDS: Mapping[JobKind, Kind[Any, Any]] = {
    JobKind.EMBED: Kind(
        NewEmbedding, EmbedWork, embed.check, embed.run, embed.commit, embeds=embed.embeds
    ),
    JobKind.SEARCH: Kind(
        SearchQuestion, SearchWork, search.check, search.run, search.commit, embeds=search.embeds
    ),
    JobKind.DISTANCES: Kind(
        DistanceQuestion,
        DistancesWork,
        distances.check,
        distances.run,
        distances.commit,
        embeds=distances.embeds,
    ),
    JobKind.RECOMMEND: Kind(
        RecommendationQuestion,
        RecommendWork,
        recommend.check,
        recommend.run,
        recommend.commit,
        recommend.lend,
        recommend.embeds,
    ),
    JobKind.FINETUNE: Kind(
        NewTuning,
        FinetuneWork,
        finetune.check,
        finetune.run,
        finetune.commit,
        finetune.lend,
        finetune.embeds,
    ),
    JobKind.PREDICT: Kind(
        NewPrediction, PredictWork, predict.check, predict.run, predict.commit, predict.lend
    ),
    JobKind.EVALUATE: Kind(
        NewEvaluation, EvaluateWork, evaluate.check, evaluate.run, evaluate.commit, evaluate.lend
    ),
    JobKind.FETCH: Kind(NewRemoteDataset, FetchWork, fetch.check),
    JobKind.BACKTEST: Kind(BacktestQuestion, BacktestWork, backtest.check),
}

#: What workers do.
LENT = tuple(kind for kind, about in KINDS.items() if about.run is not None)


def kind_of(question: Question) -> JobKind:
    """Return the kind of work that a question takes."""
    return next(kind for kind, about in KINDS.items() if about.question is type(question))
