"""What is known about a target when starting models are ranked for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from task2vec.messages.models import Model
from task2vec.recommendation.evidence.gains import GainTable
from task2vec.recommendation.evidence.world import Matrix, World
from task2vec.recommendation.gain_model.known_world import known_world
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.recommendation.prediction.difficulty import Outlines
from task2vec.types.details import HeadInformation
from task2vec.types.scatter import ClassScatter
from task2vec.types.tuning import RECIPES, TEST_SHARE, Recipe

TARGET_NAME = "this task"


@dataclass(frozen=True)
class KnownTask:
    """A stored task: distances to the target, the asymmetric one with this task as source.

    ``images`` are those that it was embedded from, ``bundle`` what brought it, if a bundle did.
    """

    name: str
    symmetric: float
    asymmetric: float
    classes: int = 2
    complexity: float = 0.0
    images: int = 0
    bundle: str | None = None


@dataclass(frozen=True)
class TimeLimit:
    """The ``whole`` seconds that a person has, and those ``left`` for training after measuring."""

    whole: float
    left: float


@dataclass(frozen=True, eq=False)
class Question:
    """All that is known about a target when starting models are ranked for it.

    Attributes:
        models: the starting models that may be taken.
        default: the id of the plain default model.
        tasks: the stored tasks by id, the target itself and its copies left out.
        between: (T, T) their symmetric distances, in the same order.
        gains: what was measured, of these models or of others.
        seen: by model id, the share of the target's images that an expert has been trained on.
        others: further models that gains are known of, which may not be taken.
        measured: linear probes on the target's own images, by model id.
        tuned: short fine-tunings on them, by model id.
        name: what the target is called.
        target: its id, where it is stored.
        images: the number of the target's labelled images, as many as were embedded.
        classes: the number of the target's classes.
        complexity: the target's.
        scatters: what tasks ask, by id, of those that it is known of.
        scatter: what the target asks, None where that is not known.
        heads: the nats in the heads of tasks, by id, of those that they are known of.
        head: those in the target's, None where they are not known.
        k: the most experts in the answer, besides those that were measured.
        published: whether published figures count.
        explain: whether what moved the answer is told.
        recipes: those that may be taken, the cheapest first.
        seconds: how long training takes by model id and recipe, of those that it is known of.
        limit: the time that there is, None without a limit.
    """

    models: Sequence[Model]
    default: str
    tasks: Mapping[str, KnownTask]
    between: Matrix
    gains: GainTable
    others: Sequence[Model] = ()
    seen: Mapping[str, float] = field(default_factory=dict)
    measured: Mapping[str, ProbeAccuracy] = field(default_factory=dict)
    tuned: Mapping[str, ProbeAccuracy] = field(default_factory=dict)
    name: str = TARGET_NAME
    target: str | None = None
    images: int = field(kw_only=True)
    classes: int = 2
    complexity: float = 0.0
    scatters: Mapping[str, ClassScatter] = field(default_factory=dict)
    scatter: ClassScatter | None = None
    heads: Mapping[str, HeadInformation] = field(default_factory=dict)
    head: HeadInformation | None = None
    k: int = 5
    published: bool = True
    explain: bool = False
    recipes: Sequence[Recipe] = RECIPES
    seconds: Mapping[str, Mapping[Recipe, float]] = field(default_factory=dict)
    limit: TimeLimit | None = None

    @property
    def training(self) -> int:
        """How many of the images will train: the others test what was trained."""
        return max(1, round((1 - TEST_SHARE) * self.images))

    @property
    def recorded(self) -> tuple[float, float] | None:
        """The default's accuracy on the target by its outcomes there, with the variance, if any."""
        return None if self.target is None else self.gains.measured_base(self.target)

    @property
    def nearest(self) -> list[str]:
        """The ids of the tasks, best source first: by asymmetric distance, equal ones by name."""
        return sorted(
            self.tasks, key=lambda id_: (self.tasks[id_].asymmetric, self.tasks[id_].name)
        )

    def offered(self) -> list[Model]:
        """Return the models that may be taken, in the order of their names: equals come in it.

        Of an expert whose task is not among the known ones, such as one of another space, nothing
        is known unless it was measured on the target's images.
        """
        models = [
            model
            for model in self.models
            if model.task is None
            or model.task in self.tasks
            or model.id in self.measured
            or model.id in self.tuned
        ]
        return sorted(models, key=lambda model: model.name)

    def known_models(self) -> list[Model]:
        """Return all models that something is known of, without the default."""
        by_id = {model.id: model for model in (*self.models, *self.others)}
        by_id.pop(self.default, None)
        return sorted(by_id.values(), key=lambda model: model.name)


def world_of(question: Question) -> World:
    """Return tasks, the target last, and models, the default first, with the gains of the store."""
    tasks = [*question.tasks.values()]
    ids = [*question.tasks, question.target]
    count = len(tasks) + 1
    symmetric = np.zeros((count, count))
    symmetric[:-1, :-1] = question.between
    symmetric[-1, :-1] = symmetric[:-1, -1] = [task.symmetric for task in tasks]
    asymmetric = symmetric.copy()
    asymmetric[:-1, -1] = [task.asymmetric for task in tasks]
    return known_world(
        ids,
        question.known_models(),
        default=question.default,
        gains=question.gains,
        names=[*(task.name for task in tasks), TARGET_NAME],
        sources=[*question.tasks],
        symmetric=symmetric,
        asymmetric=asymmetric,
        scatters=[*map(question.scatters.get, question.tasks), question.scatter],
        like=question.scatter,
        published=question.published,
    )


def outlines_of(question: Question, world: World) -> Outlines:
    """Return what is known of the tasks of `world_of` without trying anything on them."""
    tasks = question.tasks.values()
    heads = [*map(question.heads.get, question.tasks), question.head]
    return Outlines(
        classes=np.array([*(task.classes for task in tasks), question.classes], dtype=np.float64),
        complexity=np.array([*(task.complexity for task in tasks), question.complexity]),
        symmetric=world.symmetric,
        nats=np.array([np.nan if head is None else head.nats for head in heads]),
        images=np.array([np.nan if head is None else head.images for head in heads]),
    )
