"""Embeddings made of given numbers, and records of tasks."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel

from task2vec.errors import UnknownNameError
from task2vec.messages.jobs import Progress
from task2vec.messages.models import Model
from task2vec.messages.recommendation_question import RecommendationQuestion
from task2vec.messages.settings import EmbeddingSettings
from task2vec.messages.tasks import StoredTask
from task2vec.types import HeadFit, Provenance, Space, TaskEmbedding

T = TypeVar("T")


def which_model(*, images: int = 300, **fields: Any) -> RecommendationQuestion:
    """Return the question which model a task should start from, measured where it can be."""
    settings = EmbeddingSettings(images=images)
    return RecommendationQuestion(**{"task": "?", "measure": True, "settings": settings, **fields})


SPACE = Space(probe="tiny:0123", estimator="fisher", head_penalty=0.01, prior_precision=1e-6)
PROVENANCE = Provenance(
    space=SPACE,
    probe_name="tiny",
    estimator="exact",
    draws=0,
    seed=0,
    images=8,
    classes=2,
    class_names=("Katze", "Hündin"),
    content_hash="0" * 64,
    standard_error=0.01,
    head=HeadFit(converged=True, iterations=3, gradient_norm=1e-9, loss=0.1, training_accuracy=1.0),
    versions={"task2vec": "0.1.0"},
    head_error=0.0,
)


def replace(thing: T, **changes: Any) -> T:
    """Return a message, or a dataclass, with other values of some fields."""
    if isinstance(thing, BaseModel):
        return type(thing).model_validate({**dict(thing), **changes})
    return dataclasses.replace(thing, **changes)  # type: ignore[type-var]


def make_embedding(
    values: ArrayLike,
    *,
    errors: ArrayLike | None = None,
    replicates: ArrayLike | None = None,
    provenance: Provenance = PROVENANCE,
) -> TaskEmbedding:
    """Make an embedding, its elements exactly known unless told otherwise.

    ``replicates`` are ratios to the values, as in `TaskEmbedding`.
    """
    elements = np.asarray(values, dtype=np.float32)
    return TaskEmbedding(
        values=elements,
        errors=np.zeros(elements.shape) if errors is None else np.asarray(errors),
        replicates=np.ones((2, elements.size)) if replicates is None else np.asarray(replicates),
        provenance=provenance,
    )


def make_record(name: str, **overrides: Any) -> StoredTask:
    """Make the record of a task, ready to be added to a store unless an ``id`` is given."""
    plain = {"provenance": PROVENANCE, "complexity": 0.5, "seconds": 1.0}
    nowhere = {"source": "", "source_signature": ""}
    return StoredTask.model_validate({"name": name, **plain, **nowhere, **overrides})


def make_model(name: str, **overrides: Any) -> Model:
    """Make a starting model, ready to be added to a store unless an ``id`` is given."""
    plain = {"id": "", "name": name, "ref": f"x:{name}", "architecture": "a", "created": ""}
    unknown = dict.fromkeys(("task", "parameters", "input_size", "licence"))
    return Model.model_validate({**plain, **unknown, **overrides})


def draw_replicates(
    rng: np.random.Generator, elements: int, groups: int = 4
) -> NDArray[np.float64]:
    """Draw ratios (groups, elements) that scatter by a fifth, with mean 1 for every element."""
    ratios = rng.gamma(25, size=(groups, elements))
    return ratios / ratios.mean(axis=0)


def one_by_one(
    embedding_of: Callable[[str], TaskEmbedding],
) -> Callable[[Sequence[str]], Mapping[str, TaskEmbedding]]:
    """Return what an index reads embeddings by, from what returns one or `UnknownNameError`."""

    def embeddings_of(ids: Sequence[str]) -> Mapping[str, TaskEmbedding]:
        found = {}
        for id_ in ids:
            with suppress(UnknownNameError):
                found[id_] = embedding_of(id_)
        return found

    return embeddings_of


def progress_at(
    stage: str,
    done: int,
    total: int,
    standard_error: float | None = None,
    seconds_left: float | None = None,
) -> Progress:
    """Make how far a job is."""
    return Progress(
        stage=stage,
        done=done,
        total=total,
        standard_error=standard_error,
        seconds_left=seconds_left,
    )
