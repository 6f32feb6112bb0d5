"""How alike two tasks are in what they ask of a network's features.

The embedding tells what images a task has: two tasks of the same glyphs, one of which asks for the
letter and the other for its style, are near. These compare what lies between the classes with what
varies within them, by inner products of the scatter matrices ``B`` and ``W`` of
`task2vec.types.scatter`, ``<A, B> = trace(A B)``.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import SettingError
from task2vec.types.scatter import ClassScatter

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.float32]

#: Factors that are multiplied with all others at once: a product of a few rows waits for memory
#: more than it computes, one of very many no longer fits the processor's cache.
_TOGETHER = 32


@dataclass(frozen=True, eq=False)
class ComparedScatters:
    """How alike what T tasks ask is, of each two.

    ``overlap`` (T, T) are the cosines ``<B_s, B_t> / sqrt(<B_s, B_s> <B_t, B_t>)``, from 0 to 1: 1
    where the classes of two tasks lie along the same directions, alike spread. It is the linear
    centred kernel alignment (Kornblith et al. 2019) of their class means, and a positive
    semidefinite kernel. A task whose scatter is unknown counts as the mean of all directions known,
    so that it stays one; without any known all are 1.

    ``agreement`` (T, T) is from -1 to 1, and 0 where either scatter is unknown. With the odds
    ``r = <B_s, B_t> <W_s, W_t> / (<B_s, W_t> <W_s, B_t>)`` it is ``(r^2 - 1) / (r^2 + 1) =
    tanh(log r)``. Above 0, what one task tells apart the other does, too; below, it is what the
    other must ignore. It is symmetric, and 0 also of two tasks neither of which was a source.
    """

    overlap: Matrix
    agreement: Matrix


def compare_scatters(
    scatters: Sequence[ClassScatter | None], *, sources: Mask | None = None
) -> ComparedScatters:
    """Compare each two of T scatters, None where one is unknown.

    ``sources`` (T,) says whose agreements with all others are wanted, those of all tasks unless
    told: they take most of the time. Raises `SettingError` for scatters of features that differ in
    number.
    """
    known = np.array([each is not None for each in scatters], dtype=bool)
    present = [each for each in scatters if each is not None]
    _check_one_network(present)
    chosen = np.ones(len(present), dtype=bool) if sources is None else sources[known]
    agreement = np.zeros((len(scatters), len(scatters)))
    agreement[np.ix_(known, known)] = _agreement(present, chosen)
    between = [each.between.astype(np.float32) for each in present]
    return ComparedScatters(_overlap(_inner(between, rows=len(present)), known), agreement)


def _overlap(same: Matrix, known: Mask) -> Matrix:
    if not known.any():
        return np.ones((len(known), len(known)))
    norms = np.sqrt(np.diagonal(same))
    cosines = same / np.outer(norms, norms)
    # Unit vectors of the known tasks, in their own span; the others are the mean, made a unit.
    weights = np.zeros((len(known), len(cosines)))
    weights[known] = np.eye(len(cosines))
    weights[~known] = 1 / np.sqrt(cosines.sum())
    overlap: Matrix = np.clip(weights @ cosines @ weights.T, 0, 1)
    np.fill_diagonal(overlap, 1.0)
    return overlap


def _agreement(scatters: Sequence[ClassScatter], sources: Mask) -> Matrix:
    """Return the (T, T) agreements of known scatters, of each source with all."""
    agreement = np.zeros((len(scatters), len(scatters)))
    # The sources come first, so that a pair of them is met once only.
    order, count = np.argsort(~sources, kind="stable"), int(sources.sum())
    ordered = [scatters[i] for i in order]
    halves = [half.astype(np.float32) for each in ordered for half in (each.between, each.within)]
    inner = _inner(halves, rows=2 * count)
    agreeing = (inner[::2, ::2] * inner[1::2, 1::2]) ** 2
    crossed = (inner[::2, 1::2] * inner[1::2, ::2]) ** 2
    total = agreeing + crossed
    with np.errstate(invalid="ignore", divide="ignore"):
        values = np.where(total > 0, (agreeing - crossed) / total, 0.0)
    agreement[np.ix_(order[:count], order)] = values
    agreement[np.ix_(order, order[:count])] = values.T
    return agreement


def of_one_network(
    scatters: Sequence[ClassScatter | None], *, like: ClassScatter | None = None
) -> list[ClassScatter | None]:
    """Return scatters with None for those of another number of features than ``like``.

    Without it the most frequent number counts. What comes from elsewhere may be of another network
    than it says; it must not keep the others from being compared.
    """
    counts = Counter(each.features for each in scatters if each is not None)
    width = max(counts, key=lambda number: (counts[number], number), default=0)
    width = width if like is None else like.features
    return [each if each is not None and each.features == width else None for each in scatters]


def _check_one_network(scatters: Sequence[ClassScatter]) -> None:
    widths = {each.features for each in scatters}
    if len(widths) > 1:
        raise SettingError(
            "These class scatters are of different networks",
            expected="equally many features",
            got=", ".join(map(str, sorted(widths))),
            remedy="Compare tasks that were embedded with one probe.",
        )


def _inner(factors: Sequence[Rows], *, rows: int) -> Matrix:
    """Return the inner products of the first n of k scatter matrices with all k, (n, k).

    They are given as their factors, and n is the number of ``rows``.
    """
    inner = np.zeros((rows, len(factors)))
    if not rows:
        return inner
    stacked, starts = np.concatenate(factors), _starts(factors)
    for first in range(0, rows, _TOGETHER):
        own = factors[first : min(first + _TOGETHER, rows)]
        products = np.concatenate(own) @ stacked[starts[first] :].T
        # <A^T A, B^T B> = |A B^T|^2
        squares = np.square(products, out=products)
        by_row = np.add.reduceat(squares, _starts(own), axis=0)
        inner[first : first + len(own), first:] = np.add.reduceat(
            by_row, starts[first:] - starts[first], axis=1, dtype=np.float64
        )
    # They are symmetric: what was found is not computed again.
    inner[:, :rows] = np.triu(inner[:, :rows]) + np.triu(inner[:, :rows], 1).T
    return inner


def _starts(parts: Sequence[Rows]) -> NDArray[np.int64]:
    """Return (n,) where each part begins when all are stacked."""
    return np.cumsum([0, *map(len, parts[:-1])])
