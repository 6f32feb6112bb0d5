"""The records that every layer shares.

Nothing here loads torch, and what tells of jobs loads no NumPy either, so that a client may use
these types without the machinery.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from task2vec.types.embedding import Ratios, TaskEmbedding, Vector
    from task2vec.types.estimator import DEFAULT_ESTIMATOR, CountedLayers, Estimator
    from task2vec.types.jobs import (
        EventKind,
        JobKind,
        JobState,
        Priority,
    )
    from task2vec.types.keys import KeyRecord, Scope
    from task2vec.types.provenance import HeadFit, Likelihood, Provenance, Space
    from task2vec.types.tuning import ChosenBy, Recipe

__all__ = [
    "DEFAULT_ESTIMATOR",
    "ChosenBy",
    "CountedLayers",
    "Estimator",
    "EventKind",
    "HeadFit",
    "JobKind",
    "JobState",
    "KeyRecord",
    "Likelihood",
    "Priority",
    "Provenance",
    "Ratios",
    "Recipe",
    "Scope",
    "Space",
    "TaskEmbedding",
    "Vector",
]

_HOMES = {
    "task2vec.types.keys": ("KeyRecord", "Scope"),
    "task2vec.types.embedding": ("Ratios", "TaskEmbedding", "Vector"),
    "task2vec.types.estimator": ("DEFAULT_ESTIMATOR", "CountedLayers", "Estimator"),
    "task2vec.types.provenance": ("HeadFit", "Likelihood", "Provenance", "Space"),
    "task2vec.types.tuning": ("ChosenBy", "Recipe"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'task2vec.types' has no attribute {name!r}")
    homes = (home for home, names in _HOMES.items() if name in names)
    found = getattr(import_module(next(homes, "task2vec.types.jobs")), name)
    globals()[name] = found
    return found
