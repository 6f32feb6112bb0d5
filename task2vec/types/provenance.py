"""What an embedding depends on: its space, the fit of its head, and the rest of its provenance."""

import json
from enum import StrEnum
from math import nan
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from task2vec.errors import InputError, SpaceMismatchError


class Likelihood(StrEnum):
    """What the logits of a head parametrise.

    ``categorical``: one label per image, one class out of C. ``bernoulli``: any number of labels
    per image, each of C classes present or absent independently of the others.
    """

    CATEGORICAL = "categorical"
    BERNOULLI = "bernoulli"


def _nan_of_null(given: Any) -> Any:
    return nan if given is None else given


# JSON has no nan: there it is null.
_Number = Annotated[
    float,
    BeforeValidator(_nan_of_null),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "null"}]}),
]


class _Value(BaseModel):
    # Fields of a later server are passed over. Building a schema takes a millisecond: an import
    # pays for none.
    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Space(_Value):
    """The set of embeddings that may be compared; both sides of a distance must be in one."""

    probe: str = Field(description="The probe's fingerprint: architecture, weights, preprocessing.")
    # The family: all estimators of the Fisher information agree in expectation and belong to
    # "fisher"; the empirical Fisher is another quantity.
    estimator: str
    # The L2 penalty of the head on the mean loss.
    head_penalty: float
    prior_precision: _Number = Field(description="Added to every element before a distance.")

    def check_same(self, other: "Space") -> None:
        """Raise `SpaceMismatchError`, naming the fields that differ, unless both are one space."""
        differing = [
            name for name in Space.model_fields if getattr(self, name) != getattr(other, name)
        ]
        if differing:
            raise SpaceMismatchError(
                "These embeddings live in different spaces",
                expected=", ".join(f"{n} = {getattr(self, n)}" for n in differing),
                got=", ".join(f"{n} = {getattr(other, n)}" for n in differing),
                remedy="Embed both tasks with the same probe and settings.",
            )


class HeadFit(_Value):
    """How the fit of the head ended."""

    converged: bool
    iterations: int
    gradient_norm: _Number
    loss: _Number
    training_accuracy: _Number


class Provenance(_Value):
    """Everything that an embedding depends on."""

    # Two equal provenances give equal embeddings. Images and classes are those that were used.
    space: Space
    probe_name: str
    estimator: str
    draws: int
    seed: int
    images: int
    classes: int
    class_names: tuple[str, ...]
    content_hash: str = Field(description="SHA-256 over the used images and their labels.")
    # The expected symmetric distance between two repeats.
    standard_error: _Number
    head: HeadFit
    versions: dict[str, str]
    # What was stored before images could have several labels does not say so.
    likelihood: Likelihood = Field(
        Likelihood.CATEGORICAL,
        description="`bernoulli` where an image may have several labels, or none.",
    )
    warnings: tuple[str, ...] = Field(
        (), description="What its user should know, such as images that could not be read."
    )
    head_error: float | None = Field(
        None,
        description="The part of `standard_error` that refitting the head adds; null in embeddings "
        "of versions that did not record it.",
    )


def impossible_provenance(expected: str, *, got: str | None = None) -> InputError:
    """Return the error for a provenance that no embedder writes."""
    return InputError(
        "The provenance of this embedding cannot be",
        expected=expected,
        got=got,
        remedy="Export it anew with `task2vec export`.",
    )


def provenance_of(stated: Any) -> Provenance:
    """Return the provenance that a file states, every field of its own type and none besides.

    Raises `InputError` that names the first fault.
    """
    try:
        return Provenance.model_validate_json(json.dumps(stated), strict=True, extra="forbid")
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise impossible_provenance(
            "every field of its type", got=f"{place}: {fault['msg']}"
        ) from error
