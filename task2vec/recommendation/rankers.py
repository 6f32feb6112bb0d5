"""Rankers of starting models behind one protocol: ours, and the simple rules that it must beat."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from task2vec.recommendation.evidence.world import Case, Matrix
from task2vec.recommendation.gain_model.fit import fit_gain_model, left_out
from task2vec.recommendation.gain_model.kernel import Cells
from task2vec.recommendation.prediction.intervals import interval_reach

#: The shares of outcomes that intervals are stated for and judged at.
LEVELS = (0.8, 0.9)


@dataclass(frozen=True, eq=False)
class Ranking:
    """``scores`` (K,) of the models that were offered, larger is better.

    ``choice`` is the number of the model to take, which need not be that of the largest score.
    ``sd`` (K,) are standard deviations where scores are expected gains, else None. ``reach`` is how
    many of them the intervals of the L levels reach that were asked for: (L,), or (L, K) where that
    differs between models; None where none were asked for.
    """

    scores: Matrix
    choice: int
    sd: Matrix | None = None
    reach: Matrix | tuple[float, ...] | None = None

    @classmethod
    def of_best(cls, case: Case, scores: Matrix) -> "Ranking":
        """Return a ranking that takes the model of the largest score, the first of equals."""
        return cls(scores, int(case.offered[np.argmax(scores)]))


class Ranker(Protocol):
    """Ranks the offered models of a case by nothing but what its world holds."""

    @property
    def name(self) -> str:
        """A name for tables."""
        ...

    def rank(self, case: Case) -> Ranking:
        """Return a score for each offered model."""
        ...


class StaticAverage:
    """Scores a model by its mean gain over the tasks that it was measured on.

    The default's is 0. A model without an outcome has the mean of those with.
    """

    name = "static_average"

    def rank(self, case: Case) -> Ranking:
        """Return mean gains."""
        world = case.world
        known = world.measured
        counts = known.sum(axis=1)
        sums = np.where(known, world.gains, 0).sum(axis=1)
        means = np.divide(sums, counts, out=np.zeros(len(counts)), where=counts > 0)
        others = means[counts > 0]
        means[counts == 0] = others.mean() if others.size else 0.0
        means[world.default] = 0.0
        return Ranking.of_best(case, means[case.offered])


class AlwaysDefault:
    """Scores the default above all others, which are equal."""

    name = "always_default"

    def rank(self, case: Case) -> Ranking:
        """Return 1 for the default and 0 for the others."""
        scores = (case.offered == case.world.default).astype(np.float64)
        return Ranking(scores, case.world.default)


class NearestOnly:
    """Scores an expert by how near its task is; plain models come last, the default before them.

    ``asymmetric`` takes the distance from the expert's task as source to the target.
    """

    def __init__(self, *, asymmetric: bool = False) -> None:
        self._asymmetric = asymmetric

    @property
    def name(self) -> str:
        """A name for tables."""
        return "nearest_asymmetric" if self._asymmetric else "nearest_only"

    def rank(self, case: Case) -> Ranking:
        """Return negative distances."""
        world = case.world
        distances = world.asymmetric if self._asymmetric else world.symmetric
        near = np.where(world.experts, distances[world.sources, case.target], np.inf)
        known = near[np.isfinite(near)]
        farthest = float(known.max()) if known.size else 0.0
        near[~np.isfinite(near)] = farthest + 2
        near[world.default] = farthest + 1
        return Ranking.of_best(case, -near[case.offered])


NEIGHBOURS = 5
#: Of how many outcomes at no distance the mean over all tasks has the weight.
_SHRINKAGE = 1.0
_REACH = 0.25


class NearOutcomes:
    """Scores a model by its mean gain on near tasks, shrunk to its mean over all.

    Of the `NEIGHBOURS` tasks that are the best sources by asymmetric distance, each counts by
    ``exp(-(d / 0.25)^2)`` with d its symmetric distance.
    """

    name = f"near_outcomes_{NEIGHBOURS}"

    def rank(self, case: Case) -> Ranking:
        """Return shrunk mean gains."""
        world, target = case.world, case.target
        order = np.argsort(world.asymmetric[:, target], kind="stable")
        near = [task for task in order if task != target][:NEIGHBOURS]
        known = world.measured
        gains = np.where(known, world.gains, 0)
        counts = known.sum(axis=1)
        overall = np.divide(gains.sum(axis=1), counts, out=np.zeros(len(counts)), where=counts > 0)
        weights = np.exp(-np.square(np.maximum(world.symmetric[near, target], 0) / _REACH))
        summed = gains[:, near] @ weights + _SHRINKAGE * overall
        scores = summed / (known[:, near] @ weights + _SHRINKAGE)
        scores[world.default] = 0.0
        return Ranking.of_best(case, scores[case.offered])


#: The default is left where the best model's expected gain is above this many standard deviations.
TRUST = 0.2
#: Nor is it left for less than this: half a point is not worth another model, however sure. Without
#: a measurement a bundle of known tasks promised 0.2 to 0.4 points of the model next in size, and
#: what came of it was as often a loss (docs/adr/0051-known-tasks-that-ship.md).
LEAST_GAIN = 0.005
#: By the recipe to take, the gain is to be above this many standard deviations, too. With many
#: images what was taken for a fraction of a point lost more than it gained; with few the threshold
#: costs nothing (docs/adr/0057-what-is-borne-out.md).
RECIPE_TRUST = 0.1
#: A gain with a larger standard deviation is a guess, whatever is expected: its interval of 90 %
#: reaches 25 points to either side. Of the choices in ``research/transfer`` none was above 0.12.
MOST_SD = 0.15


class Hierarchical:
    """Scores models by their expected gain; see `task2vec.recommendation.gain_model`.

    ``levels`` are shares of outcomes that intervals
    are stated for, as `task2vec.recommendation.answer.answer` states them: conformal over the other
    tasks, or the model's own where those are too few.
    """

    name = "task2vec"

    def __init__(self, *, levels: Sequence[float] = ()) -> None:
        self._levels = levels

    def rank(self, case: Case) -> Ranking:
        """Return expected gains, their standard deviations, and whether to leave the default."""
        model = fit_gain_model(case.world, target=case.target)
        belief = model.believe(Cells(case.offered, np.full(len(case.offered), case.target)))
        default = case.offered == case.world.default
        mean, sd = (np.where(default, 0.0, each) for each in (belief.mean, belief.sd))
        best = surely_best(mean, sd, trust=TRUST)
        choice = case.world.default if best is None else int(case.offered[best])
        ranking = Ranking(mean, choice, sd)
        if not self._levels:
            return ranking
        elsewhere = left_out(model)
        reaches = (
            interval_reach(elsewhere.errors, elsewhere.tasks, level=at)[0] for at in self._levels
        )
        return replace(ranking, reach=tuple(reaches))


def surely_best(mean: Matrix, sd: Matrix, *, trust: float) -> int | None:
    """Return the place of the largest mean (K,) above ``trust`` deviations; None without one.

    It is above `LEAST_GAIN`, too.
    Deviations above `MOST_SD` are too large to go by. A model that is surely somewhat better must
    not hide behind one that might be more.
    """
    sure = np.flatnonzero((mean > np.maximum(trust * sd, LEAST_GAIN)) & (sd <= MOST_SD))
    return int(sure[np.argmax(mean[sure])]) if sure.size else None


def compared_rankers() -> tuple[Ranker, ...]:
    """Return all of them, in the order of tables; a new one is added here."""
    return (
        AlwaysDefault(),
        StaticAverage(),
        NearestOnly(),
        NearestOnly(asymmetric=True),
        NearOutcomes(),
        Hierarchical(levels=LEVELS),
    )
