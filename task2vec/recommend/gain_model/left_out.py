"""How far off the gain model is on each task when it does not know that task's outcomes."""

from dataclasses import dataclass

import numpy as np

from task2vec.recommend.evidence.world import Indices, Matrix
from task2vec.recommend.gain_model.posterior import GainModel


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Of each of n outcomes: the gain ``expected`` without those of its task, and ``sd``.

    ``errors`` are the absolute differences to what was measured, in standard deviations of
    expectation and measurement together; ``tasks`` are the outcomes' tasks.
    """

    expected: Matrix
    sd: Matrix
    errors: Matrix
    tasks: Indices


def left_out(model: GainModel) -> LeftOut:
    """Leave out the outcomes of each task in turn, the scales kept.

    With K the covariance of the outcomes, noise included, and r their residuals, the outcomes b of
    one task have, given all others, the mean ``y_b - P_b^-1 (K^-1 r)_b`` and the covariance
    ``P_b^-1``, where ``P_b`` is their block of ``K^-1``: Rasmussen and Williams 2006, eq. 5.10 to
    5.12, for blocks.
    """
    seen = model.seen
    precision, weights = model.precision()
    expected = np.empty(len(seen.cells))
    variance = np.empty(len(seen.cells))
    for task in np.unique(seen.cells.tasks):
        rows = np.flatnonzero(seen.cells.tasks == task)
        block = np.linalg.inv(precision[np.ix_(rows, rows)])
        expected[rows] = seen.gains[rows] - block @ weights[rows]
        variance[rows] = np.diagonal(block)
    errors = np.abs(seen.gains - expected) / np.sqrt(variance)
    return LeftOut(expected, np.sqrt(variance), errors, seen.cells.tasks)
