"""Background work."""

from enum import StrEnum


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
    EVALUATE = "evaluate"
    COMPARE = "compare"


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
