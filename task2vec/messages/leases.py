"""How workers get and return their work. For `task2vec worker`; not meant for other programs."""

from typing import Any

from pydantic import Field

from task2vec.messages.base import Answer, Many, Name, Question, Time
from task2vec.messages.evaluations import Confusion
from task2vec.messages.jobs import Progress
from task2vec.types.jobs import JobKind


class LeaseQuestion(Question):
    """A worker asks for work."""

    worker: Name = Field(description="A name that is unique among workers.")
    kinds: Many[JobKind] = Field(min_length=1)


class Lease(Answer):
    """A job, lent to one worker until ``expires``; ``fence`` proves whose turn it is."""

    job: str
    fence: int
    kind: JobKind
    payload: dict[str, Any] = Field(description="The question, with data sets by id.")
    seconds: float = Field(description="How long the lease lasts without a heartbeat.")
    expires: Time


class Heartbeat(Question):
    """A sign of progress; the lease is prolonged only when ``progress`` went forward."""

    fence: int
    progress: Progress


class Pulse(Answer):
    """The answer to a heartbeat: whether to stop."""

    cancel: bool
    expires: Time


class Failure(Question):
    """The worker could not do it; ``transient`` failures are tried again."""

    fence: int
    code: Name
    problem: str = Field(max_length=10_000)
    expected: str | None = Field(None, max_length=10_000)
    got: str | None = Field(None, max_length=10_000)
    remedy: str | None = Field(None, max_length=10_000)
    transient: bool = False


class Release(Question):
    """The worker stops, and gives its job back."""

    fence: int


class Shares(Question):
    """What an expert gives of one image: the share of each class, or why it could not be read."""

    path: str = Field(max_length=10_000)
    shares: tuple[float, ...] | None = None
    error: str | None = Field(None, max_length=10_000)


class Timing(Question):
    """Seconds that a linear probe took in all, to ``read`` its images, and in the network."""

    seconds: float = Field(ge=0, allow_inf_nan=False)
    read: float = Field(ge=0, allow_inf_nan=False)
    passed: float = Field(ge=0, allow_inf_nan=False)
    images: int = Field(ge=1, le=2**31)


class Report(Question):
    """What the work of a job gave, beside embeddings and other files."""

    seconds: float = Field(ge=0, allow_inf_nan=False)
    warnings: tuple[str, ...] = ()
    measured: dict[str, tuple[bool, ...]] | None = Field(
        None, description="By model id: which images its linear probe got right when held out."
    )
    errors: dict[str, float] | None = Field(
        None, description="By model id: the squared error of ridge regression on its features."
    )
    timings: dict[str, Timing] | None = Field(
        None, description="By model id: what its linear probe took, the default's first."
    )
    machine: str = Field("", max_length=200, description="Where that was timed.")
    tuned: dict[str, Any] | None = Field(None, description="What fine-tuning gave.")
    predicted: tuple[Shares, ...] | None = Field(
        None, description="What an expert gives of each image, by the order of its classes."
    )
    confusion: Confusion | None = Field(
        None, description="What an expert takes labelled images for."
    )
    failed: str | None = Field(
        None,
        max_length=10_000,
        description="Why a model of a comparison could not be fine-tuned; the others are.",
    )


class Findings(Report):
    """What a worker found, beside the files it sends with it."""

    fence: int
    source_signature: str = ""


class PlannedModel(Answer):
    """A starting model to measure; ``sha256`` is that of the file of its weights."""

    id: str
    name: str
    ref: str
    sha256: str | None


class Plan(Answer):
    """The starting models to measure on a data set, the default first, then by promise."""

    models: tuple[PlannedModel, ...]
