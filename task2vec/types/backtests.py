"""Words of a backtest: what is left out, and what comes of it."""

from enum import StrEnum


class Folds(StrEnum):
    """What is left out of a ranker's knowledge with the task that it is asked about."""

    TASK = "task"
    FAMILY = "family"


class FamilyOrigin(StrEnum):
    """What says to which family a task belongs: a tag ``family:NAME``, or which tasks are near."""

    TAG = "tag"
    CLUSTER = "cluster"


class Verdict(StrEnum):
    """Whether the recommender is better than simple rules on tasks that it did not know."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
