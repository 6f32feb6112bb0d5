"""Background work."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class JobKind(StrEnum):
    """What a job does."""

    EMBED = "embed"
    SEARCH = "search"
    DISTANCES = "distances"
    RECOMMEND = "recommend"
    FINETUNE = "finetune"
    FETCH = "fetch"
    BACKTEST = "backtest"
    PREDICT = "predict"


class JobState(StrEnum):
    """Where a job is in its life; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing happens any more."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Priority(StrEnum):
    """Which of two queued jobs goes first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """A number that is larger for what goes first."""
        return list(Priority).index(self)


class EventKind(StrEnum):
    """What an event of a job tells."""

    STATE = "state"
    PROGRESS = "progress"


@dataclass(frozen=True)
class JobProgress:
    """How far a job is: ``done`` of ``total`` images of the present ``stage``.

    ``standard_error`` is that of the embedding so far, where one is known yet.
    """

    stage: str = ""
    done: int = 0
    total: int = 0
    standard_error: float | None = None
    seconds_left: float | None = None


@dataclass(frozen=True)
class JobFailure:
    """Why a try failed, in the parts of a `Task2VecError`."""

    code: str
    problem: str
    expected: str | None = None
    got: str | None = None
    remedy: str | None = None


@dataclass(frozen=True)
class JobRecord:
    """A job in the store.

    ``payload`` is the question, ``result`` the answer as its ``to_json()``. ``fence`` rises with
    every lease; ``lease_until`` is in seconds since 1970. ``same_as`` is equal for jobs that would
    do the same work. ``quarantined``: it failed too often and is not tried again.
    """

    id: str
    kind: JobKind
    payload: Mapping[str, Any]
    name: str | None = None
    state: JobState = JobState.QUEUED
    priority: Priority = Priority.NORMAL
    result: Mapping[str, Any] | None = None
    error: JobFailure | None = None
    progress: JobProgress = field(default_factory=JobProgress)
    attempts: int = 0
    fence: int = 0
    worker: str | None = None
    lease_until: float | None = None
    not_before: float = 0.0
    quarantined: bool = False
    same_as: str | None = None
    dataset: str | None = None
    owner: str | None = None
    batch: str | None = None
    created: str = ""
    started: str | None = None
    finished: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields that every surface shows of a job."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "state": self.state.value,
            "priority": self.priority.value,
            "attempts": self.attempts,
            "progress": asdict(self.progress),
            "result": None if self.result is None else dict(self.result),
            "error": None if self.error is None else asdict(self.error),
            "quarantined": self.quarantined,
            "batch": self.batch,
            "name": self.name,
            "created": self.created,
            "started": self.started,
            "finished": self.finished,
        }
