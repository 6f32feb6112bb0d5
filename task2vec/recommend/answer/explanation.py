"""What an explanation of a recommendation consists of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from task2vec.distance.by_layer import LayerDistances
from task2vec.recommend.answer.classes import ClassesJudged


class MoveKind(StrEnum):
    """What a move comes from.

    ``expert``: being an expert of another task at all; ``source_task``: how near that task is;
    ``published``: the published prior of a plain model; the others as `EvidenceKind` has them.
    """

    EXPERT = "expert"
    SOURCE_TASK = "source_task"
    PUBLISHED = "published"
    OUTCOME = "outcome"
    LINEAR_PROBE = "linear_probe"
    FINE_TUNING = "fine_tuning"


@dataclass(frozen=True)
class Move:
    """What ``moved`` a score, in fractions of accuracy.

    An outcome or a measurement has a ``gain`` of a ``model``; ``task`` is the known task that it is
    from, None for the target itself, at this ``distance``.
    """

    kind: MoveKind
    moved: float
    model: str | None = None
    task: str | None = None
    distance: float | None = None
    gain: float | None = None


@dataclass(frozen=True)
class NeighbourMoves:
    """By how much all ``outcomes`` on a known task moved a score together."""

    task: str
    distance: float
    outcomes: int
    moved: float


@dataclass(frozen=True)
class ScoreMoves:
    """The ``score`` of a model as a sum.

    ``score = prior + by_outcomes + by_measuring``: what was expected before any outcome, what the
    ``outcomes`` moved, and what was measured on the target's own images. ``moves`` are the single
    ones, those of the prior first, then the largest; with ``rest``, that of ``rest_count`` smaller
    ones, they add up to the score. Of the default, which gains are over, all are 0. ``neighbours``
    are the known tasks with outcomes, the largest moves first.
    """

    model: str
    score: float
    prior: float
    by_outcomes: float
    by_measuring: float
    outcomes: int
    moves: tuple[Move, ...]
    rest: float
    rest_count: int
    neighbours: tuple[NeighbourMoves, ...]


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
