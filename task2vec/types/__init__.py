"""The records that every layer shares.

Nothing here loads torch, so that a client may use these types without the machinery.
"""

from task2vec.types.embedding import (
    HeadFit,
    Provenance,
    Ratios,
    Space,
    TaskEmbedding,
    Vector,
)
from task2vec.types.jobs import (
    DatasetRecord,
    EventKind,
    JobFailure,
    JobKind,
    JobProgress,
    JobRecord,
    JobState,
    Priority,
)
from task2vec.types.keys import KeyRecord, Scope
from task2vec.types.records import ModelRecord, Neighbour, Outcome, TaskRecord

__all__ = [
    "DatasetRecord",
    "EventKind",
    "HeadFit",
    "JobFailure",
    "JobKind",
    "JobProgress",
    "JobRecord",
    "JobState",
    "KeyRecord",
    "ModelRecord",
    "Neighbour",
    "Outcome",
    "Priority",
    "Provenance",
    "Ratios",
    "Scope",
    "Space",
    "TaskEmbedding",
    "TaskRecord",
    "Vector",
]
