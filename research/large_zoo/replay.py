"""What each rule has chosen when its seconds are over, replayed from the tables."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from research.large_zoo.costs import Costs, TargetCosts
from research.large_zoo.known import Relations, Zoo
from research.transfer.cascading import Fits, Ours, Scores
from task2vec.distance.asymmetric import ALPHA
from task2vec.recommendation.evidence.world import NO_SOURCE, Case, Indices, Matrix, World
from task2vec.recommendation.gain_model.fit import fit_gain_model
from task2vec.recommendation.gain_model.posterior import GainModel
from task2vec.recommendation.prediction.intervals import normal_reach
from task2vec.recommendation.rankers import LEVELS, TRUST

#: Random orders that a rule which tries models at random is averaged over.
ORDERS = 5
OURS, UNMEASURED = "task2vec", "task2vec, nothing measured"
#: More than can be probed.
_EVERY = 1000


@dataclass(frozen=True, eq=False)
class Asked:
    """Somebody with ``shots`` images a class of a target, and the experts (K,) of his zoo.

    ``known`` are the targets whose outcomes he knows, ``gains`` (M, T) and ``variances`` those of
    the whole zoo. ``experts`` are numbers of models: the first is 1.
    """

    zoo: Zoo
    relations: Relations
    costs: Costs
    gains: Matrix
    variances: Matrix
    shots: int
    target: int
    experts: Indices
    known: Indices

    @property
    def offered(self) -> Indices:
        """The numbers of the models that may be taken, the default first."""
        return np.concatenate([[0], self.experts])

    @property
    def needed(self) -> TargetCosts:
        """What measuring takes on this target."""
        return self.costs.targets[self.shots][self.zoo.names[self.target]]

    @cached_property
    def near(self) -> Matrix:
        """(K,) distances of the experts' sources to the images at hand."""
        return np.asarray(self.zoo.far_few[self.shots][self.experts, self.target])

    @cached_property
    def elsewhere(self) -> Matrix:
        """(1 + K,) mean gains on the known targets, those without any as the mean of the others."""
        gains = self.gains[np.ix_(self.offered, self.known)]
        counts = np.isfinite(gains).sum(axis=1)
        means = np.divide(
            np.nansum(gains, axis=1), counts, where=counts > 0, out=np.zeros(len(gains))
        )
        means[counts == 0] = means[counts > 0].mean()
        means[0] = 0.0
        return np.asarray(means)

    @cached_property
    def fitted(self) -> "Fitted":
        """The gain model of what is known, whatever the seconds that follow."""
        began = time.process_time()
        world = world_of(self)
        fits = _OneFit(world, target=len(world.tasks) - 1)
        return Fitted(world, fits, time.process_time() - began)


@dataclass(frozen=True, eq=False)
class Fitted:
    """A world, its gain model, and the ``seconds`` of the processor that both took."""

    world: World
    fits: Fits
    seconds: float


def choices(asked: Asked, seconds: float, rng: np.random.Generator) -> dict[str, list[int]]:
    """Return the models that each rule takes, one of each random order of those that have one."""
    orders = [rng.permutation(asked.experts) for _ in range(ORDERS)]
    by_distance = asked.experts[np.argsort(asked.near, kind="stable")]
    by_average = asked.experts[np.argsort(-asked.elsewhere[1:], kind="stable")]
    complexity = np.array([asked.zoo.sources[i - 1].complexity for i in asked.experts])
    at = asked.target
    logme = asked.zoo.logme[asked.shots][:, at]
    error = -asked.zoo.ridge_error[asked.shots][:, at]
    # Of equally many right answers the smaller squared error decides.
    held_out = asked.zoo.held_out[asked.shots][:, at] + 1e-6 * error
    needed, embed = asked.needed, asked.needed.embed

    def scored(order: Indices, scores: Matrix, each: float, spent: float = 0.0) -> int:
        return best_tried(asked, order, scores, each=each, seconds=seconds - spent)

    found = {
        "default": [0],
        "static average": [int(asked.offered[np.argmax(asked.elsewhere)])],
        "nearest": [int(by_distance[0])],
        "nearest, asymmetric": [int(asked.experts[np.argmin(asked.near - ALPHA * complexity)])],
        "LogME": [scored(order, logme, needed.logme) for order in orders],
        "ridge error": [scored(order, error, needed.ridge) for order in orders],
        "linear probes": [scored(order, held_out, needed.held_out) for order in orders],
        "ridge error, nearest first": [scored(by_distance, error, needed.ridge, embed)],
        "ridge error, best elsewhere first": [scored(by_average, error, needed.ridge)],
        "ridge error of all": [best_tried(asked, by_distance, error, each=0.0, seconds=np.inf)],
    }
    return {**found, **{name: [choice] for name, choice in ours(asked, seconds).items()}}


def best_tried(asked: Asked, order: Indices, scores: Matrix, *, each: float, seconds: float) -> int:
    """Return the best by ``scores`` (M,) of the models that there is time for, the default first.

    ``each`` is what a score takes beyond loading the model and passing the images through it.
    """
    one = asked.costs.passed(asked.needed.images) + each
    count = len(order) + 1 if np.isinf(seconds) else max(1, int(seconds // one))
    tried = np.concatenate([[0], order])[:count]
    # What cannot be told is no reason to take a model.
    return int(tried[np.argmax(np.where(np.isfinite(scores[tried]), scores[tried], -np.inf))])


def ours(asked: Asked, seconds: float) -> dict[str, int]:
    """Return what the product takes with nothing measured, and after probes until time is over.

    Embedding the images and fitting the gain model come first, and count.
    """
    fitted = asked.fitted
    spent = fitted.seconds + asked.needed.embed
    one = asked.costs.passed(asked.needed.images) + asked.needed.held_out
    # The default is probed before the first expert, for comparison.
    spent += one
    world = fitted.world
    case = Case(world, len(world.tasks) - 1, np.arange(len(world.models)))
    scores = _scores(asked, world)
    steps = Ours(OURS, fitted.fits, scores, passes=_EVERY, trust=TRUST).steps(case)
    _, first = next(steps)
    last = first
    while spent + one <= seconds:
        began = time.process_time()
        step = next(steps, None)
        if step is None:
            break
        spent += time.process_time() - began + one
        # The step that ends too late is not there in time.
        if spent <= seconds:
            last = step[1]
    return {
        UNMEASURED: int(asked.offered[first.choice]),
        OURS: int(asked.offered[last.choice]),
    }


def world_of(asked: Asked) -> World:
    """Return what is known when a target is asked about: the target is the last task.

    The tasks before it are the experts' sources, then the targets with known outcomes.
    """
    relations, everything = asked.relations, len(asked.zoo.sources)
    rows = np.concatenate([asked.experts - 1, everything + asked.known])
    last = everything + len(asked.zoo.targets) + asked.target
    count, experts = len(rows) + 1, len(asked.experts)
    symmetric = np.zeros((count, count))
    symmetric[:-1, :-1] = relations.plain[np.ix_(rows, rows)]
    symmetric[-1, :-1] = symmetric[:-1, -1] = relations.few[rows, asked.target]
    complexity = np.zeros(count)
    complexity[:experts] = [asked.zoo.sources[i - 1].complexity for i in asked.experts]
    chosen = np.append(rows, last)
    gains, variances = np.full((2, experts + 1, count), np.nan)
    known = np.ix_(asked.offered, asked.known)
    gains[:, experts:-1], variances[:, experts:-1] = asked.gains[known], asked.variances[known]
    return World(
        tasks=tuple(map(str, range(count))),
        models=tuple(map(str, asked.offered)),
        default=0,
        sources=np.array([NO_SOURCE, *range(experts)]),
        symmetric=symmetric,
        asymmetric=symmetric - ALPHA * complexity[:, None],
        gains=gains,
        variances=np.where(np.isfinite(gains), variances, np.nan),
        base=np.full(count, np.nan),
        overlap=relations.overlap[np.ix_(chosen, chosen)],
        agreement=relations.agreement[np.ix_(chosen, chosen)],
    )


class _OneFit(Fits):
    """One fit for one case; intervals reach as far as those of a normal distribution."""

    def __init__(self, world: World, *, target: int) -> None:
        super().__init__()
        self._model = fit_gain_model(world, target=target)

    def of(self, case: Case) -> GainModel:  # noqa: ARG002 - there is one case
        return self._model

    def reach(self, case: Case) -> tuple[float, ...]:  # noqa: ARG002
        return tuple(normal_reach(level) for level in LEVELS)


def _scores(asked: Asked, world: World) -> Scores:
    """Return what linear probes of the target's images tell, as `Ours` reads it."""
    shape = len(world.models), len(world.tasks)
    tables: Mapping[str, Matrix] = {
        "linear_probe_gain": asked.zoo.held_out[asked.shots],
        "linear_probe_variance": asked.zoo.held_out_variances[asked.shots],
        "ridge_error": -asked.zoo.ridge_error[asked.shots],
    }
    placed = {name: np.full(shape, np.nan) for name in tables}
    for name, table in tables.items():
        placed[name][:, -1] = table[asked.offered, asked.target]
    target = asked.zoo.targets[asked.target]
    images = np.full(shape[1], asked.needed.images)
    return Scores(placed, images, np.full(shape[1], target.classes))


def zoos(asked_of: Zoo, size: int, repeats: int) -> Iterator[Indices]:
    """Yield the experts of zoos of a size: disjoint, in random order, as many as there are."""
    experts = 1 + np.random.default_rng(0).permutation(len(asked_of.sources))
    for first in range(0, min(repeats, len(experts) // size) * size, size):
        yield experts[first : first + size]
