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

#: Scatters whose factors are multiplied with all others at once: a product of a few rows waits for
#: memory more than it computes, one of very many no longer fits the processor's cache.
_TOGETHER = 16


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
    other must ignore.
    """

    overlap: Matrix
    agreement: Matrix


def compare_scatters(scatters: Sequence[ClassScatter | None]) -> ComparedScatters:
    """Compare each two of T scatters, None where one is unknown.

    Raises `SettingError` for scatters of features that differ in number.
    """
    known = np.array([each is not None for each in scatters], dtype=bool)
    found = [each for each in scatters if each is not None]
    _check_one_network(found)
    between = [each.between.astype(np.float32) for each in found]
    within = [each.within.astype(np.float32) for each in found]
    same, left = _inner(between, between), _inner(within, within)
    place = np.ix_(known, known)
    agreement = np.zeros((len(scatters), len(scatters)))
    agreement[place] = _agreement(same, left, _inner(between, within))
    return ComparedScatters(_overlap(same, known), agreement)


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


def _agreement(same: Matrix, left: Matrix, across: Matrix) -> Matrix:
    agreeing, crossed = (same * left) ** 2, (across * across.T) ** 2
    total = agreeing + crossed
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(total > 0, (agreeing - crossed) / total, 0.0)
    return np.asarray(found, dtype=np.float64)


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


def _inner(rows: Sequence[Rows], columns: Sequence[Rows]) -> Matrix:
    """Return the (n, k) inner products of n scatter matrices with k others, by their factors."""
    found = np.zeros((len(rows), len(columns)))
    if not columns:
        return found
    stacked, starts = np.concatenate(columns), _starts(columns)
    # One with itself is symmetric: what was found is not computed again.
    symmetric = rows is columns
    for first in range(0, len(rows), _TOGETHER):
        own, left = rows[first : first + _TOGETHER], first if symmetric else 0
        products = np.concatenate(own) @ stacked[starts[left] :].T
        # <A^T A, B^T B> = |A B^T|^2
        squares = np.square(products, out=products)
        by_row = np.add.reduceat(squares, _starts(own), axis=0)
        found[first : first + _TOGETHER, left:] = np.add.reduceat(
            by_row, starts[left:] - starts[left], axis=1, dtype=np.float64
        )
    return np.triu(found) + np.triu(found, 1).T if symmetric else found


def _starts(parts: Sequence[Rows]) -> NDArray[np.int64]:
    """Return (n,) where each part begins when all are stacked."""
    return np.cumsum([0, *map(len, parts[:-1])])
