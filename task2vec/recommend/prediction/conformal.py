"""Intervals that hold, whatever the model behind them: how far off it was on other tasks.

Tasks are exchangeable; outcomes of one task are not independent. So each task has the weight
``1 / (T + 1)``, shared evenly by its outcomes, and the last share belongs to the new task, whose
error may be any. The weighted quantile of the errors then covers an outcome on a new task with at
least the stated probability, over tasks (Lee, Barber and Willett, "Distribution-free inference with
hierarchical data", JRSS B 2025; Vovk et al. 2005 for one outcome a task).
"""

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from task2vec.recommend.evidence.world import Indices


def conformal_reach(errors: ArrayLike, tasks: Indices | Sequence[int], *, level: float) -> float:
    """Return how far an interval must reach, in the units of ``errors``.

    Args:
        errors: (n,) absolute errors, such as in standard deviations of the prediction.
        tasks: (n,) the tasks that they were made on.
        level: the share of outcomes that the interval is to hold.

    inf where there are too few tasks for the level: ``level / (1 - level)`` at least, that is 4 for
    80 % and 9 for 90 %.
    """
    found = np.asarray(errors, dtype=np.float64)
    if not found.size:
        return float("inf")
    _, task, counts = np.unique(tasks, return_inverse=True, return_counts=True)
    weights = 1 / ((len(counts) + 1) * counts[task])
    order = np.argsort(found, kind="stable")
    covered = np.cumsum(weights[order])
    # A share that is met exactly must not be missed by rounding.
    enough = np.flatnonzero(covered >= level - 1e-12)
    return float(found[order[enough[0]]]) if enough.size else float("inf")


def interval_reach(
    errors: ArrayLike, tasks: Indices | Sequence[int], *, level: float
) -> tuple[float, bool]:
    """Return how many standard deviations an interval reaches, and whether the errors say so.

    Where there are too few tasks, as many as of a normal distribution hold the ``level``.
    """
    reach = conformal_reach(errors, tasks, level=level)
    if np.isfinite(reach):
        return reach, True
    return NormalDist().inv_cdf((1 + level) / 2), False
