"""The families of tasks, and which outcomes a ranker may know when it is asked about one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from task2vec.messages.backtests import FamilyOrigin, Folds
from task2vec.recommendation.evidence.world import Case, Mask, Matrix, World
from task2vec.recommendation.gain_model.kernel import Scales


@dataclass(frozen=True)
class Family:
    """The name of a task's family, and what it is known from."""

    name: str
    origin: FamilyOrigin


def families_of(
    tasks: Sequence[str], tagged: Sequence[str | None], symmetric: Matrix
) -> tuple[Family, ...]:
    """Return the family of each task: the ``tagged`` one (T,), else that of near tasks.

    Clusters by average linkage of the ``symmetric`` distances (T, T), cut where an expert's own
    skill ends (`Scales.reach`). An untagged task belongs to the family of the nearest tagged task
    of its cluster; a cluster without one is named after its first task.
    """
    clusters = _clusters(symmetric)
    families = []
    for i, family in enumerate(tagged):
        if family is not None:
            families.append(Family(family, FamilyOrigin.TAG))
            continue
        kin = np.flatnonzero(clusters == clusters[i]).tolist()
        kin_with_tag = [j for j in kin if tagged[j] is not None]
        nearest = min(kin_with_tag, key=lambda j: float(symmetric[i, j]), default=None)
        name = f"near {tasks[kin[0]]}" if nearest is None else f"{tagged[nearest]}"
        families.append(Family(name, FamilyOrigin.CLUSTER))
    return tuple(families)


def _clusters(symmetric: Matrix) -> Matrix:
    if len(symmetric) < 2:
        return np.zeros(len(symmetric))
    # scipy takes a while to import: the API starts without.
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    near = np.maximum((symmetric + symmetric.T) / 2, 0)
    np.fill_diagonal(near, 0)
    tree = linkage(squareform(near, checks=False), method="average")
    return np.asarray(fcluster(tree, t=Scales().reach, criterion="distance"))


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
