"""Which outcomes a ranker may know when it is asked about a task."""

from collections.abc import Iterator, Sequence

import numpy as np

from task2vec.recommend.evidence.world import Case, Mask, World
from task2vec.types.backtests import Folds

__all__ = ["Folds", "cases"]


def cases(
    world: World,
    folds: Folds,
    families: Sequence[str],
    *,
    contents: Sequence[str] | None = None,
    shared: Mask | None = None,
    seen: Mask | None = None,
) -> Iterator[Case]:
    """Yield a case for every task that at least two models besides the default were measured on.

    Every outcome on the target is hidden, and no expert of the target is offered. Tasks of equal
    ``contents`` (T,) are copies of one another, and one: of copies the one with most outcomes is
    asked about, and the others are hidden like it. So are tasks that have images of the target, by
    ``shared`` (T, T), a row for each target; nor do outcomes of their experts tell anything. With
    `Folds.FAMILY` the same goes for all tasks of the target's family: their outcomes and their
    experts are unknown. A model that was fine-tuned from an expert of a hidden task, by ``seen``
    (M, T), is neither offered nor known. Offered are the default and the models with an outcome on
    the target, since the answer is judged by it.
    """
    names = np.array(families)
    content = np.array(world.tasks if contents is None else contents)
    measured = world.measured
    counts = measured.sum(axis=0)
    for target in range(len(world.tasks)):
        tasks = content == content[target]
        if target != np.argmax(np.where(tasks, counts, -1)):
            continue
        if shared is not None:
            tasks |= shared[target]
        if folds is Folds.FAMILY:
            tasks |= names == names[target]
        own = world.experts & tasks[world.sources]
        descended = np.zeros_like(own) if seen is None else seen[:, tasks].any(axis=1)
        offered = measured[:, target] & ~own & ~descended
        if offered.sum() < 2:
            continue
        offered[world.default] = True
        hidden = np.zeros(measured.shape, dtype=np.bool_)
        hidden[:, tasks] = True
        known_again = own if folds is Folds.FAMILY else own & (world.sources != target)
        hidden[known_again | descended] = True
        yield Case(world.without(hidden), target, np.flatnonzero(offered))
