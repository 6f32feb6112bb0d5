"""Rank correlations, plain and given a third value, with intervals over families."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from task2vec.recommendation.backtest.bootstrap import Estimate, over_tasks
from task2vec.recommendation.evidence.world import Mask, Matrix

#: A correlation of fewer pairs says nothing.
FEWEST = 8


def by_target(
    properties: Mapping[str, Matrix],
    *,
    gains: Matrix,
    near: Matrix,
    counted: Mask,
    families: Sequence[str],
) -> dict[str, Any]:
    """Return rank correlations of properties and gains (S, T), plain and given nearness (S, T).

    Means over targets, each over its sources that are ``counted`` (S, T), with intervals over the
    targets' ``families`` (T,). None where no target has enough sources.
    """
    found = {}
    for name, values in properties.items():
        plain, partial = np.full((2, len(families)), np.nan)
        for target in range(len(families)):
            columns = values[:, target], gains[:, target], near[:, target]
            rows = counted[:, target] & np.isfinite(columns).all(axis=0)
            if rows.sum() >= FEWEST:
                plain[target], partial[target] = rank_correlations(*(c[rows] for c in columns))
        found[name] = {
            "plain": mean_over(plain, families),
            "given nearness": mean_over(partial, families),
        }
    return found


def of_all_cells(
    properties: Mapping[str, Matrix], *, gains: Matrix, near: Matrix, families: Sequence[str]
) -> dict[str, Any]:
    """Return the same of cells (n,) of all targets together, where a target has few."""
    group, found = np.array(families), {}
    for name, values in properties.items():
        known = np.isfinite(values)
        ranks = [rankdata(column[known]) for column in (values, gains, near)]
        of = group[known].tolist()
        one = np.ones(len(of))
        found[name] = {
            what: shown(over_tasks(*ranks, families=of, statistic=statistic))
            if np.isfinite(statistic(*ranks, weights=one))
            else None
            for what, statistic in (("plain", _plain), ("given nearness", _partial))
        }
    return found


def rank_correlations(x: Matrix, y: Matrix, given: Matrix) -> tuple[float, float]:
    """Return Spearman's correlation of x and y (n,), and the partial one given a third.

    The partial one correlates what is left of the ranks of either after regression on the third's;
    nan where nothing is left.
    """
    ranks = [rankdata(each) for each in (x, y, given)]
    weights = np.ones(len(x))
    return float(_plain(*ranks, weights=weights)), float(_partial(*ranks, weights=weights))


def mean_over(
    values: Matrix, families: Sequence[str], rows: Mask | None = None
) -> list[float] | None:
    """Return the mean of values (T,) that are known, of some rows, with an interval."""
    counted = np.isfinite(values) if rows is None else np.isfinite(values) & rows
    if not counted.any():
        return None
    return shown(over_tasks(values[counted], families=np.array(families)[counted].tolist()))


def shown(found: Estimate) -> list[float]:
    """Return value, lower and upper end, to three decimals."""
    return [round(value, 3) for value in (found.value, found.low, found.high)]


def _plain(x: Matrix, y: Matrix, given: Matrix, *, weights: Matrix) -> Matrix:  # noqa: ARG001
    """Return the correlation of x and y (n,); a statistic under weights (..., n)."""
    return _correlation(x, y, weights)


def _partial(x: Matrix, y: Matrix, given: Matrix, *, weights: Matrix) -> Matrix:
    """Return the partial correlation of x and y (n,) given a third; a statistic."""
    xy, xz, yz = (_correlation(*pair, weights) for pair in ((x, y), (x, given), (y, given)))
    # Where the third tells all of either, nothing is left to correlate.
    left = (1 - xz**2) * (1 - yz**2)
    left = np.where(left > 1e-9, left, np.nan)
    return np.asarray((xy - xz * yz) / np.sqrt(left))


def _correlation(x: Matrix, y: Matrix, weights: Matrix) -> Matrix:
    """Return the correlation under weights (..., n); nan of what does not vary."""
    total = weights.sum(axis=-1)
    means = [weights @ values / total for values in (x, y)]
    covariance = weights @ (x * y) / total - means[0] * means[1]
    variances = [
        weights @ values**2 / total - mean**2 for values, mean in zip((x, y), means, strict=True)
    ]
    product = variances[0] * variances[1]
    return np.asarray(covariance / np.sqrt(np.where(product > 1e-9, product, np.nan)))
