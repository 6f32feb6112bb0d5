"""The records that every layer shares.

Nothing here loads torch, and what tells of jobs loads no NumPy either, so that a client may use
these types without the machinery.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from task2vec.types.embedding import Ratios, TaskEmbedding, Vector
    from task2vec.types.estimator import DEFAULT_ESTIMATOR, Estimator
    from task2vec.types.geometry import NeighbourGeometry
    from task2vec.types.jobs import (
        EventKind,
        JobKind,
        JobState,
        Priority,
    )
    from task2vec.types.keys import KeyRecord, Scope
    from task2vec.types.layers import CountedLayers
    from task2vec.types.likelihood import Likelihood
    from task2vec.types.provenance import HeadFit, Provenance, Space
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
    "NeighbourGeometry",
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
    "task2vec.types.estimator": ("DEFAULT_ESTIMATOR", "Estimator"),
    "task2vec.types.geometry": ("NeighbourGeometry",),
    "task2vec.types.layers": ("CountedLayers",),
    "task2vec.types.likelihood": ("Likelihood",),
    "task2vec.types.provenance": ("HeadFit", "Provenance", "Space"),
    "task2vec.types.tuning": ("ChosenBy", "Recipe"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'task2vec.types' has no attribute {name!r}")
    homes = (home for home, names in _HOMES.items() if name in names)
    found = getattr(import_module(next(homes, "task2vec.types.jobs")), name)
    globals()[name] = found
    return found
