"""The cascade's forward passes replayed from the table of scores."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from research.transfer.distances import TASKS
from research.transfer.scores import TABLE
from research.transfer.targets import Budget
from task2vec.recommendation.evidence.world import Case, Indices, Mask, Matrix, World
from task2vec.recommendation.gain_model.fit import fit_gain_model, left_out
from task2vec.recommendation.gain_model.kernel import Cells
from task2vec.recommendation.gain_model.posterior import Belief, GainModel, Seen
from task2vec.recommendation.measure.cascade import next_model
from task2vec.recommendation.measure.probe_accuracy import PairedGain, noise_parts
from task2vec.recommendation.prediction.intervals import interval_reach, normal_reach
from task2vec.recommendation.rankers import LEVELS, Ranking, surely_best


@dataclass(frozen=True, eq=False)
class Scores:
    """(M, T) tables of one draw of a budget, nan where a score cannot be told.

    ``images`` (T,) and ``classes`` (T,) are numbers: of the images seen, and of their classes.
    """

    tables: dict[str, Matrix]
    images: Indices
    classes: Indices

    def of(self, name: str) -> Matrix:
        """Return a score's table, the lowest of it in place of nan."""
        table = self.tables[name]
        return np.where(np.isfinite(table), table, np.nanmin(table) - 1)

    def measured(self, model: int, task: int, *, default: int) -> PairedGain | None:
        """Return what a linear probe of a model tells of its gain, None where it tells nothing."""
        gain, variance, error, plain = (
            float(self.tables[name][row, task])
            for name, row in (
                ("linear_probe_gain", model),
                ("linear_probe_variance", model),
                ("ridge_error", model),
                ("ridge_error", default),
            )
        )
        if not np.isfinite(gain):
            return None
        # The table's score is the larger the better: minus the error.
        lower = error - plain
        seen = int(self.images[task])
        return PairedGain(gain, variance, seen, lower if np.isfinite(lower) else None)


def read_scores(world: World, budget: Budget, *, draw: int = 0) -> Scores:
    """Read the scores of one draw, in the order of a world."""
    shape = len(world.models), len(world.tasks)
    tables: dict[str, Matrix] = defaultdict(lambda: np.full(shape, np.nan))
    models = {name: i for i, name in enumerate(world.models)}
    tasks = {name: i for i, name in enumerate(world.tasks)}
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["budget"] != budget or int(row["draw"]) != draw or row["model"] not in models:
                continue
            place = models[row["model"]], tasks[row["target"]]
            for name in set(row) - {"target", "budget", "draw", "model"}:
                tables[name][place] = float(row[name])
    with TASKS.open(newline="") as file:
        known = {row["task"]: row for row in csv.DictReader(file)}
    rows = [known[name] for name in world.tasks]
    classes = np.array([int(row["classes"]) for row in rows])
    shots, images = (np.array([int(row[name]) for row in rows]) for name in ("shots", "images"))
    # Of many images two thirds, of what was embedded at least.
    seen = shots * classes if budget is Budget.FEW else images * 2 // 3
    return Scores(dict(tables), seen, classes)


class Fits:
    """The gain model fitted once for each case, however many rankers ask for it."""

    def __init__(self) -> None:
        self._last: tuple[World, GainModel, tuple[float, ...]] | None = None

    def of(self, case: Case) -> GainModel:
        """Return the fit to what a case's world holds."""
        return self._fitted(case)[1]

    def reach(self, case: Case) -> tuple[float, ...]:
        """Return how far intervals of `LEVELS` reach, by what the fit misses on other tasks."""
        return self._fitted(case)[2]

    def _fitted(self, case: Case) -> tuple[World, GainModel, tuple[float, ...]]:
        if self._last is None or self._last[0] is not case.world:
            model = fit_gain_model(case.world, target=case.target)
            missed = left_out(model)
            reach = (interval_reach(missed.errors, missed.tasks, level=at)[0] for at in LEVELS)
            self._last = case.world, model, tuple(reach)
        return self._last


class Ours:
    """Distances and outcomes, then at most ``passes`` linear probes on the target's images.

    The default is left for the best model whose gain is above ``trust`` standard deviations.
    """

    def __init__(
        self, name: str, fits: Fits, scores: Scores | None = None, *, passes: int, trust: float
    ) -> None:
        self.name = name
        self._fits, self._scores = fits, scores
        self._passes, self._trust = passes, trust

    def rank(self, case: Case) -> Ranking:
        """Return expected gains, once all probes were made that are worth it."""
        *_, (_, last) = self.steps(case)
        return last

    def steps(self, case: Case) -> Iterator[tuple[int | None, Ranking]]:
        """Yield what was probed last, None at first, and what is expected then."""
        cells = Cells(case.offered, np.full(len(case.offered), case.target))
        default = int(np.flatnonzero(case.offered == case.world.default)[0])
        tried = case.offered == case.world.default
        unknown = self._fits.of(case).believe(cells)
        belief = unknown.with_known(default, 0.0)
        yield None, self._ranking(case, belief, default, tried)
        places: list[int] = []
        found: list[tuple[float, float, float]] = []
        for _ in range(self._passes):
            place = next_model(belief, leader=self._leader(belief, default), tried=tried)
            if place is None or self._scores is None:
                return
            tried[place] = True
            cell = int(case.offered[place]), case.target
            measured = self._scores.measured(*cell, default=case.world.default)
            if measured is None:
                return
            gain, variance = measured.with_error(classes=int(self._scores.classes[case.target]))
            places.append(place)
            found.append((gain, *noise_parts(variance)))
            seen = Seen(_some(cells, places), *np.array(found).T)
            belief = unknown.after(np.array(places), seen.gains, seen.noise)
            belief = belief.with_known(default, 0.0)
            yield cell[0], self._ranking(case, belief, default, tried)

    def _ranking(self, case: Case, belief: Belief, default: int, tried: Mask) -> Ranking:
        choice = int(case.offered[self._leader(belief, default)])
        usual = [normal_reach(level) for level in LEVELS]
        # The noise of a measurement is known. Of the others it is known what was missed elsewhere.
        reach = np.where(tried, np.array(usual)[:, None], np.array(self._fits.reach(case))[:, None])
        return Ranking(belief.mean, choice, belief.sd, reach)

    def _leader(self, belief: Belief, default: int) -> int:
        best = surely_best(belief.mean, belief.sd, trust=self._trust)
        return default if best is None else best


def _some(cells: Cells, places: list[int]) -> Cells:
    return Cells(cells.models[places], cells.tasks[places])
