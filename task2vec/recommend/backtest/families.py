"""Which tasks are of one family: as people say, or as they lie together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from task2vec.recommend.evidence.world import Matrix
from task2vec.recommend.gain_model.scales import Scales
from task2vec.types.backtests import FamilyOrigin


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
    found = []
    for i, family in enumerate(tagged):
        if family is not None:
            found.append(Family(family, FamilyOrigin.TAG))
            continue
        kin = np.flatnonzero(clusters == clusters[i]).tolist()
        known = [j for j in kin if tagged[j] is not None]
        nearest = min(known, key=lambda j: float(symmetric[i, j]), default=None)
        name = f"near {tasks[kin[0]]}" if nearest is None else f"{tagged[nearest]}"
        found.append(Family(name, FamilyOrigin.CLUSTER))
    return tuple(found)


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
