"""Whether answers keep their promise, against what training gave on the test images."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from research.final_evaluation.results import Results
from research.final_evaluation.tables import Promised
from research.recipes.steps import whole_steps
from research.recipes.tables import RecipeCell
from research.transfer.zoo import DEFAULT
from task2vec.recommendation.prediction.intervals import NORMAL_REACH
from task2vec.types.tuning import Recipe


@dataclass(frozen=True)
class Kept:
    """A promise and what came of it, as fractions.

    ``noise`` is the standard deviation that the test has by its number of images. ``held`` says
    whether the interval has what was got once that noise is added to it, and ``held_alone`` whether
    it has it as it is: an interval is of new images without number.
    """

    row: Promised
    promised: float
    low: float
    high: float
    got: float
    noise: float

    @property
    def held(self) -> bool:
        """Whether the interval, widened by the noise of the test, holds it."""
        reach = NORMAL_REACH * self.noise
        below = np.hypot(self.promised - self.low, reach)
        above = np.hypot(self.high - self.promised, reach)
        return bool(self.promised - below <= self.got <= self.promised + above)

    @property
    def held_alone(self) -> bool:
        """Whether the interval as it is stated holds it."""
        return self.low <= self.got <= self.high


def of_gains(results: Results, rows: Sequence[Promised]) -> list[Kept]:
    """Return what came of promised gains; those of the default are 0 by definition and left out."""
    found = []
    for row in rows:
        gain = results.gain(row.key, row.model, Recipe(row.recipe))
        if gain is not None and row.model != DEFAULT:
            noise = float(np.sqrt(gain.variance))
            found.append(Kept(row, row.gain, row.gain_low, row.gain_high, gain.gain, noise))
    return found


def of_accuracies(results: Results, rows: Sequence[Promised]) -> list[Kept]:
    """Return what came of promised accuracies, where there are any."""
    found = []
    for row in rows:
        cell = results.cell(row.key, row.model, Recipe(row.recipe))
        if cell is not None and isfinite(row.accuracy):
            found.append(
                Kept(
                    row,
                    row.accuracy,
                    row.accuracy_low,
                    row.accuracy_high,
                    cell.accuracy,
                    _noise(cell),
                )
            )
    return found


def accuracy_after(cell: RecipeCell, seconds: float) -> float:
    """Return the accuracy that a training had after so many of its seconds, by its last look.

    Its rate had not come down by then, so that a training of that length does better. Before the
    first look it is that of the first look, which is too much.
    """
    points = (*cell.curve, (whole_steps(cell), cell.accuracy))
    done = seconds / cell.seconds * max(whole_steps(cell), 1)
    return max((point for point in points if point[0] <= done), default=points[0])[1]


def _noise(cell: RecipeCell) -> float:
    """Return the standard deviation of an accuracy, one right and one wrong answer added."""
    count = len(cell.correct)
    p = (cell.correct.sum() + 1) / (count + 2)
    return float(np.sqrt(p * (1 - p) / count))
