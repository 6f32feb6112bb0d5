"""Which outcomes a ranker may know when it is asked about a task."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import numpy as np

from task2vec.recommend.world import Case, World


class Folds(StrEnum):
    """What is left out of a ranker's knowledge with the task that it is asked about."""

    TASK = "task"
    FAMILY = "family"


def cases(world: World, folds: Folds, families: Sequence[str]) -> Iterator[Case]:
    """Yield a case for every task that at least two models besides the default were measured on.

    Every outcome on the target is hidden, and no expert of the target is offered. With
    `Folds.FAMILY` the same goes for all tasks of the target's family: their outcomes and their
    experts are unknown. Offered are the default and the models with an outcome on the target, since
    the answer is judged by it.
    """
    names = np.array(families)
    measured = world.measured
    for target in range(len(world.tasks)):
        tasks = np.arange(len(world.tasks)) == target
        if folds is Folds.FAMILY:
            tasks |= names == names[target]
        own = world.experts & tasks[world.sources]
        offered = measured[:, target] & ~own
        if offered.sum() < 2:
            continue
        offered[world.default] = True
        hidden = np.zeros(measured.shape, dtype=np.bool_)
        hidden[:, tasks] = True
        if folds is Folds.FAMILY:
            hidden[own] = True
        yield Case(world.without(hidden), target, np.flatnonzero(offered))
