"""What an explanation of a recommendation consists of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from task2vec.distance.by_layer import LayerDistances
from task2vec.recommend.hard_classes import ClassesJudged
from task2vec.recommend.moves import ScoreMoves


class About(StrEnum):
    """What a sentence is about."""

    OUTCOMES = "outcomes"
    LAYERS = "layers"
    CLASSES = "classes"


class KnownBy(StrEnum):
    """What the default's accuracy on the target is known by.

    Its recorded outcomes there, a linear probe on the target's images, or its accuracies on other
    tasks, which foretell it.
    """

    OUTCOMES = "outcomes"
    LINEAR_PROBE = "linear_probe"
    OTHER_TASKS = "other_tasks"


@dataclass(frozen=True)
class DefaultAccuracy:
    """The accuracy of the default on the target, which a score is added to.

    ``known_by`` is None where it is not known.
    """

    model: str
    accuracy: float | None
    known_by: KnownBy | None


@dataclass(frozen=True)
class ComparedLayers:
    """The distance to a known ``task`` by layers; ``model`` is the recommended expert of it."""

    task: str
    model: str | None
    by_layer: LayerDistances


@dataclass(frozen=True)
class Unknown:
    """Why something is not explained, and what to do about it."""

    about: About
    reason: str


@dataclass(frozen=True)
class Sentence:
    """A sentence for a person, and the ``values`` in it by their place in the explanation.

    Places are JSON Pointers (RFC 6901), such as ``/outcomes/0/score``.
    """

    about: About
    text: str
    values: Mapping[str, float]


@dataclass(frozen=True)
class Explanation:
    """What moved the answer, where the task is like its neighbours, and which classes are hard.

    ``outcomes`` are of the first models of the answer, in its order; ``layers`` against the nearest
    task, and against the source of the first model where that is another.
    """

    default: DefaultAccuracy
    outcomes: tuple[ScoreMoves, ...]
    layers: tuple[ComparedLayers, ...] = ()
    classes: ClassesJudged | None = None
    unknown: tuple[Unknown, ...] = ()
    sentences: tuple[Sentence, ...] = field(default=())
