"""Why an answer is as it is: sentences, and the numbers behind them."""

from enum import StrEnum

from pydantic import Field

from task2vec.messages.base import Answer, Fraction


class KnownBy(StrEnum):
    """What the default's accuracy on the task is known by."""

    OUTCOMES = "outcomes"
    LINEAR_PROBE = "linear_probe"
    OTHER_TASKS = "other_tasks"


class DefaultAccuracy(Answer):
    """The accuracy of the default on the task, which scores are added to."""

    model: str
    accuracy: Fraction | None
    known_by: str | None = Field(
        description="`outcomes` where it is the mean of its recorded outcomes on the task, "
        "`linear_probe` where it was measured on the task's images, `other_tasks` where it is "
        "foretold by its outcomes on those."
    )


class MoveKind(StrEnum):
    """What moved a score."""

    EXPERT = "expert"
    SOURCE_TASK = "source_task"
    PUBLISHED = "published"
    OUTCOME = "outcome"
    LINEAR_PROBE = "linear_probe"
    FINE_TUNING = "fine_tuning"


class Move(Answer):
    """What moved a score."""

    kind: str = Field(
        description="`expert` (being an expert of another task), `source_task` (how near that is), "
        "`published`, `outcome`, `linear_probe` or `fine_tuning`."
    )
    moved: float = Field(description="By how much, in fractions of accuracy.")
    model: str | None
    task: str | None = Field(description="The known task that it is from; null for this one.")
    distance: float | None
    gain: float | None = Field(description="What was measured.")


class NeighbourMoves(Answer):
    """By how much all outcomes on a known task moved a score together."""

    task: str
    distance: float
    outcomes: int
    moved: float


class ScoreMoves(Answer):
    """A score as a sum: `prior` + `by_outcomes` + `by_measuring`, or all `moves` and `rest`."""

    model: str
    score: float
    prior: float = Field(description="What was expected before any outcome.")
    by_outcomes: float
    by_measuring: float = Field(description="By linear probes and fine-tunings on the task itself.")
    outcomes: int = Field(description="How many outcomes count.")
    moves: tuple[Move, ...] = Field(description="Those of the prior, then the largest.")
    rest: float = Field(description="What the smaller ones moved together.")
    rest_count: int
    neighbours: tuple[NeighbourMoves, ...] = Field(description="The largest moves first.")


class LayerDistance(Answer):
    """A group of layers of the probe."""

    name: str
    elements: int = Field(description="How many of the embedding's numbers are of these layers.")
    elements_share: float = Field(description="These divided by all.")
    part: float = Field(description="Its part of the plain distance.")
    share: float = Field(description="The part divided by that distance.")
    distance: float = Field(description="Of its elements alone, corrected for noise.")
    standard_error: float | None


class LayerDistances(Answer):
    """The symmetric distance of two tasks by groups of layers."""

    plain: float = Field(description="Not corrected for noise: the sum of the parts.")
    distance: float = Field(description="Corrected for noise; may be negative.")
    standard_error: float | None
    groups: tuple[LayerDistance, ...] = Field(description="In the order of the network.")
    nearest: str = Field(description="The group with the least distance of its own.")
    farthest: str = Field(description="The group with the largest.")
    beyond_noise: bool = Field(description="Whether these two differ by more than their noise.")


class ComparedLayers(Answer):
    """The layers in which the task and a known one agree and differ."""

    task: str
    model: str | None = Field(description="The first recommended model, if it is an expert of it.")
    by_layer: LayerDistances


class TakenFor(Answer):
    """A class that images of another were taken for."""

    name: str
    images: int


class ClassJudged(Answer):
    """How many images of a class are recognised when they are left out."""

    name: str
    images: int
    correct: int
    accuracy: Fraction
    interval: tuple[Fraction, Fraction]
    others: Fraction = Field(description="The mean accuracy of the other classes.")
    hard: bool = Field(description="Whether the interval lies below that.")
    taken_for: TakenFor | None = Field(description="The class that it was most often taken for.")


class ClassesJudged(Answer):
    """Which classes are hard, by a linear classifier on the probe's features."""

    images: int
    accuracy: Fraction = Field(description="The mean over the classes.")
    level: float = Field(description="That of all intervals together.")
    hard_classes: int
    classes: tuple[ClassJudged, ...] = Field(description="The hard ones first.")
    alone: tuple[str, ...] = Field(description="Classes with too few images to leave one out.")


class About(StrEnum):
    """What a sentence is about."""

    OUTCOMES = "outcomes"
    LAYERS = "layers"
    CLASSES = "classes"


class Unknown(Answer):
    """Why something is not explained."""

    about: str
    reason: str


class Sentence(Answer):
    """A sentence, and the numbers in it."""

    about: str = Field(description="`outcomes`, `layers` or `classes`.")
    text: str
    values: dict[str, float] = Field(
        description="The numbers by their place in the explanation, a JSON Pointer."
    )


class Explanation(Answer):
    """What moved an answer, where the task is like its neighbours, and which classes are hard."""

    default: DefaultAccuracy
    outcomes: tuple[ScoreMoves, ...] = Field(description="Of the first models of the answer.")
    layers: tuple[ComparedLayers, ...]
    classes: ClassesJudged | None
    unknown: tuple[Unknown, ...]
    sentences: tuple[Sentence, ...]
