"""How rankings by published figures do on published outcomes, and what a better figure buys."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from math import inf
from typing import Any

import numpy as np
from scipy.special import expit
from scipy.stats import rankdata, weightedtau

from research.published.fit import Array, Setting, scores
from research.published.zoo import Matrix, figures
from task2vec.recommendation.backtest.bootstrap import over_tasks

Ranker = Callable[[Matrix, Sequence[Matrix], int], Array]
#: Differences of top-1 on ImageNet, in points.
EDGES = (0, 1, 2, 4, 8, 100)
#: Data sets that share their images or their subject, by kind; any other is a kind of its own.
KINDS = {
    **dict.fromkeys(("cifar10", "cifar100"), "tiny images"),
    **dict.fromkeys(("pets", "stanford_dogs"), "pets"),
    **dict.fromkeys(("cub200", "nabird"), "birds"),
    **dict.fromkeys(("organamnist", "organcmnist", "organsmnist"), "organs in CT"),
    **dict.fromkeys(("octmnist", "retinamnist"), "retina"),
}


def rankings(
    zoo: Sequence[Matrix], chosen: Setting, features: Sequence[tuple[str, ...]]
) -> list[dict[str, Any]]:
    """Judge rankings of the networks of each collection on each data set, which is left out."""
    plain = replace(chosen, shrink=inf)

    def by(names: tuple[str, ...]) -> Ranker:
        return lambda matrix, left, _: scores(matrix, left, replace(plain, features=names))

    def from_elsewhere(matrix: Matrix, left: Sequence[Matrix], _: int) -> Array:
        others = [other for other in left if other.collection != matrix.collection]
        return scores(matrix, others, replace(chosen, fitted="all", shrink=10.0))

    def mean_rank(matrix: Matrix, _: Sequence[Matrix], column: int) -> Array:
        others = np.delete(matrix.values, column, axis=1)
        ranks: Array = rankdata(others, axis=0)
        means: Array = ranks.mean(axis=1)
        return means

    rankers: dict[str, Ranker] = {
        "static top1": lambda matrix, *_: replace(plain, features=("top1",)).table(matrix)[:, 0],
        **{" and ".join(names): by(names) for names in features},
        "top1 and offsets from other collections": from_elsewhere,
        "mean rank on other data sets": mean_rank,
    }
    lines = []
    for matrix in zoo:
        left = [[m.without(target=target) for m in zoo] for target in matrix.targets]
        static: Array | None = None
        for name, ranker in rankers.items():
            taus, regrets = [], []
            for column, rest in enumerate(left):
                score, truth = ranker(matrix, rest, column), matrix.values[:, column]
                taus.append(weightedtau(truth, score).statistic)
                regrets.append(100 * (truth.max() - truth[np.argmax(score)]))
            found = np.array(taus)
            static = found if static is None else static
            lines.append(
                {
                    "collection": matrix.collection,
                    "ranking": name,
                    "tau": round(float(found.mean()), 3),
                    "tau_over_top1": _interval(found - static, matrix.targets),
                    "regret_at_1": round(float(np.mean(regrets)), 2),
                }
            )
    return lines


def _interval(differences: Array, targets: Sequence[str]) -> list[float]:
    """Return a mean over data sets and its 95 % bootstrap interval over their kinds."""
    found = over_tasks(differences, families=[KINDS.get(each, each) for each in targets])
    return [round(value, 3) for value in (found.value, found.low, found.high)]


def by_difference(zoo: Sequence[Matrix]) -> list[dict[str, Any]]:
    """Return what the network with the better top-1 gained over the other, by how much better."""
    lines = []
    for matrix in zoo:
        top1 = [100 * expit(figures(name)["top1"]) for name in matrix.networks]
        ordered = [
            (a, b) if top1[a] > top1[b] else (b, a) for a, b in combinations(range(len(top1)), 2)
        ]
        for low, high in pairwise(EDGES):
            pairs = [(a, b) for a, b in ordered if low <= top1[a] - top1[b] < high]
            if not pairs:
                continue
            gains = 100 * np.array([matrix.values[a] - matrix.values[b] for a, b in pairs]).ravel()
            lines.append(
                {
                    "collection": matrix.collection,
                    "top1_difference": [low, high],
                    "pairs": len(pairs),
                    "won": round(float(np.mean(gains > 0)), 2),
                    "mean_gain": round(float(gains.mean()), 2),
                    "sd": round(float(gains.std()), 2),
                }
            )
    return lines
