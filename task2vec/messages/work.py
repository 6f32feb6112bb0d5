"""What jobs are about: a question whose names were looked up, and what its worker is lent with it.

Stored with the job, sent with its lease, and read again when the work is handed in. What an earlier
version stored has the defaults of what it did not know.
"""

from typing import Self

from pydantic import Field, model_validator

from task2vec.messages.backtests import BacktestQuestion
from task2vec.messages.base import Answer, Name, Question
from task2vec.messages.comparisons import NewComparison
from task2vec.messages.datasets import NewRemoteDataset
from task2vec.messages.evaluations import NewEvaluation
from task2vec.messages.jobs import NewEmbedding, NewTuning
from task2vec.messages.leases import PlannedModel
from task2vec.messages.models import Model
from task2vec.messages.neighbours import DistanceQuestion, SearchQuestion
from task2vec.messages.predictions import NewPrediction
from task2vec.messages.recommendation_question import RecommendationQuestion


class LentDataset(Answer):
    """A data set that a worker opens: `GET /v1/datasets/{id}/content` has its bytes."""

    id: str
    name: str
    sha256: str
    bytes: int
    format: str


class Work(Question, extra="ignore"):
    """What every job is about; ``datasets`` are those that its worker opens, by role."""

    datasets: dict[str, LentDataset] = Field({})


class EmbedWork(NewEmbedding, Work):
    """A data set to embed and to store under a ``name``."""

    name: Name


class SearchWork(SearchQuestion, Work):
    """A data set whose neighbours are sought."""


class DistancesWork(DistanceQuestion, Work):
    """Two tasks, at least one of them a data set."""


class RecommendWork(RecommendationQuestion, Work):
    """A data set to recommend for; ``task`` is there too where it is that of a stored task.

    ``probe_models`` are to be probed on it within the budget, the default first. With ``plan`` the
    server says better once the data set is embedded.
    """

    plan: bool = False
    probe_models: tuple[PlannedModel, ...] = ()

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        return self


class FinetuneWork(NewTuning, Work):
    """A data set to fine-tune ``model`` on; ``embedding`` where it is no stored task yet."""

    name: Name
    model: Model | None = None
    embedding: bool = False


class PredictWork(NewPrediction, Work):
    """Images to classify; a worker gets the whole record of the ``model``."""

    model: Name | Model  # type: ignore[assignment]


class EvaluateWork(NewEvaluation, Work):
    """A data set to evaluate the ``model`` on; ``task`` is there where it is that of a task."""

    model: Name | Model  # type: ignore[assignment]

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        return self


class CompareWork(NewComparison, Work):
    """A data set to fine-tune the ``models`` on, ids with the default first, one after the other.

    ``task`` is there once it is a stored task; ``next`` is the model whose turn it is, and a worker
    is lent ``step`` for it. ``failed`` says, by id, why models could not be fine-tuned.
    """

    next: Name
    failed: dict[str, str] = Field({})
    step: FinetuneWork | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        return self


class FetchWork(NewRemoteDataset, Work):
    """Images to fetch."""


class BacktestWork(BacktestQuestion, Work):
    """A backtest on ``outcomes``, the digest of their ids."""

    outcomes: str = ""
