"""What is known about a target when starting models are ranked for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from task2vec.distance.scatter import compare_scatters, of_one_network
from task2vec.recommend.difficulty import Outlines
from task2vec.recommend.gain_model.scales import FAR
from task2vec.recommend.gains import GainTable
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.recommend.published.prior import prior_gain
from task2vec.recommend.world import NO_SOURCE, PLAIN_DOUBT, Matrix, World
from task2vec.types import ModelRecord
from task2vec.types.details import HeadInformation
from task2vec.types.scatter import ClassScatter

#: What an expert of a task that cannot be compared is expected to gain, and how sure that is: as
#: one of a task far away.
_STRANGE_GAIN, _STRANGE_DOUBT = FAR, 0.08
TARGET_NAME = "this task"


@dataclass(frozen=True)
class KnownTask:
    """A stored task: distances to the target, the asymmetric one with this task as source."""

    name: str
    symmetric: float
    asymmetric: float
    classes: int = 2
    complexity: float = 0.0


@dataclass(frozen=True, eq=False)
class Question:
    """All that is known about a target when starting models are ranked for it.

    Attributes:
        models: the starting models that may be taken.
        default: the id of the plain default model.
        tasks: the stored tasks by id, the target itself and its copies left out.
        between: (T, T) their symmetric distances, in the same order.
        gains: what was measured, of these models or of others.
        others: further models that gains are known of, which may not be taken.
        measured: linear probes on the target's own images, by model id.
        tuned: short fine-tunings on them, by model id.
        target: the id of the target, where it is stored.
        classes: the number of the target's classes.
        complexity: the target's.
        scatters: what tasks ask, by id, of those that it is known of.
        scatter: what the target asks, None where that is not known.
        heads: the nats in the heads of tasks, by id, of those that they are known of.
        head: those in the target's, None where they are not known.
        k: bounds the source tasks whose experts are offered.
        published: whether published figures count.
        explain: whether what moved the answer is told.
    """

    models: Sequence[ModelRecord]
    default: str
    tasks: Mapping[str, KnownTask]
    between: Matrix
    gains: GainTable
    others: Sequence[ModelRecord] = ()
    measured: Mapping[str, ProbeAccuracy] = field(default_factory=dict)
    tuned: Mapping[str, ProbeAccuracy] = field(default_factory=dict)
    target: str | None = None
    classes: int = 2
    complexity: float = 0.0
    scatters: Mapping[str, ClassScatter] = field(default_factory=dict)
    scatter: ClassScatter | None = None
    heads: Mapping[str, HeadInformation] = field(default_factory=dict)
    head: HeadInformation | None = None
    k: int = 5
    published: bool = True
    explain: bool = False

    @property
    def nearest(self) -> list[str]:
        """The ids of the tasks, best source first: by asymmetric distance, equal ones by name."""
        return sorted(
            self.tasks, key=lambda id_: (self.tasks[id_].asymmetric, self.tasks[id_].name)
        )

    def offered(self) -> list[ModelRecord]:
        """Return the models that are ranked: plain ones, experts of the nearest, those measured.

        In the order of their names, so that equals come in it.
        """
        near = self.nearest[: self.k]
        found = [
            model
            for model in self.models
            if model.task is None
            or model.task in near
            or model.id in self.measured
            or model.id in self.tuned
        ]
        return sorted(found, key=lambda model: model.name)

    def known_models(self) -> list[ModelRecord]:
        """Return all models that something is known of, without the default."""
        by_id = {model.id: model for model in (*self.models, *self.others)}
        by_id.pop(self.default, None)
        return sorted(by_id.values(), key=lambda model: model.name)


def world_of(question: Question) -> World:
    """Return tasks, the target last, and models, the default first, with the gains of the store."""
    known = [*question.tasks.values()]
    ids = [*question.tasks, question.target]
    count = len(known) + 1
    symmetric = np.zeros((count, count))
    symmetric[:-1, :-1] = question.between
    symmetric[-1, :-1] = symmetric[:-1, -1] = [task.symmetric for task in known]
    asymmetric = symmetric.copy()
    asymmetric[:-1, -1] = [task.asymmetric for task in known]
    models = question.known_models()
    # The default's gains over itself are never among them.
    gains, variances = question.gains.matrices(
        [question.default, *(model.id for model in models)], ids
    )
    place = {task: i for i, task in enumerate(question.tasks)}
    beliefs = [(0.0, 0.0), *(expected_gain(m, published=question.published) for m in models)]
    scatters = [*map(question.scatters.get, question.tasks), question.scatter]
    asked = compare_scatters(of_one_network(scatters, like=question.scatter))
    return World(
        tasks=(*(task.name for task in known), TARGET_NAME),
        models=(question.default, *(model.id for model in models)),
        default=0,
        sources=np.array([NO_SOURCE, *(place.get(m.task or "", NO_SOURCE) for m in models)]),
        symmetric=symmetric,
        asymmetric=asymmetric,
        gains=gains,
        variances=variances,
        base=np.array([question.gains.base(task) if task else np.nan for task in ids]),
        expected=np.array([mean for mean, _ in beliefs]),
        doubt=np.array([sd for _, sd in beliefs]),
        overlap=asked.overlap,
        agreement=asked.agreement,
    )


def outlines_of(question: Question, world: World) -> Outlines:
    """Return what is known of the tasks of `world_of` without trying anything on them."""
    known = question.tasks.values()
    heads = [*map(question.heads.get, question.tasks), question.head]
    return Outlines(
        classes=np.array([*(task.classes for task in known), question.classes], dtype=np.float64),
        complexity=np.array([*(task.complexity for task in known), question.complexity]),
        symmetric=world.symmetric,
        nats=np.array([np.nan if head is None else head.nats for head in heads]),
        images=np.array([np.nan if head is None else head.images for head in heads]),
    )


def expected_gain(model: ModelRecord, *, published: bool = True) -> tuple[float, float]:
    """Return what a model is expected to gain before any outcome, and the standard deviation.

    Of a plain model by its ``published`` figures, if they count; of an expert, as of one whose task
    cannot be compared.
    """
    if model.task is not None:
        return _STRANGE_GAIN, _STRANGE_DOUBT
    found = prior_gain(model) if published else None
    return (0.0, PLAIN_DOUBT) if found is None else (found.mean, found.sd)
