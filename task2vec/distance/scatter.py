"""How alike two tasks are in what they ask of a network's features.

The embedding tells what images a task has: two tasks of the same glyphs, one of which asks for the
letter and the other for its style, are near. These compare what lies between the classes with what
varies within them, by inner products of the scatter matrices ``B`` and ``W`` of
`task2vec.types.scatter`, ``<A, B> = trace(A B)``.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import SettingError
from task2vec.types.scatter import ClassScatter

Matrix = NDArray[np.float64]


def scatter_overlaps(scatters: Sequence[ClassScatter | None]) -> Matrix:
    """Return (T, T) cosines ``<B_s, B_t> / sqrt(<B_s, B_s> <B_t, B_t>)``, from 0 to 1.

    1 where the classes of two tasks lie along the same directions, alike spread: their linear
    centred kernel alignment (Kornblith et al. 2019), of class means. As a kernel it is positive
    semidefinite. A task whose scatter is unknown counts as the mean of all directions known, so
    that the kernel stays one; without any known all are 1. Raises `SettingError` for scatters of
    features that differ in number.
    """
    found = _inner(scatters, "between", "between")
    known = np.array([each is not None for each in scatters], dtype=bool)
    if not known.any():
        return np.ones_like(found)
    norms = np.sqrt(np.diagonal(found)[known])
    cosines = found[np.ix_(known, known)] / np.outer(norms, norms)
    # Unit vectors of the known tasks, in their own span; the others are the mean, made a unit.
    weights = np.zeros((len(scatters), known.sum()))
    weights[known] = np.eye(known.sum())
    weights[~known] = 1 / np.sqrt(cosines.sum())
    overlaps: Matrix = np.clip(weights @ cosines @ weights.T, 0, 1)
    np.fill_diagonal(overlaps, 1.0)
    return overlaps


def scatter_agreements(scatters: Sequence[ClassScatter | None]) -> Matrix:
    """Return (T, T) agreements, from -1 to 1; 0 where either scatter is unknown.

    With the odds ``r = <B_s, B_t> <W_s, W_t> / (<B_s, W_t> <W_s, B_t>)`` the agreement is
    ``(r^2 - 1) / (r^2 + 1) = tanh(log r)``. Above 0, what one task tells apart the other does, too;
    below, it is what the other must ignore. Raises as `scatter_overlaps` does.
    """
    between = _inner(scatters, "between", "between")
    within = _inner(scatters, "within", "within")
    across = _inner(scatters, "between", "within")
    same, crossed = (between * within) ** 2, (across * across.T) ** 2
    total = same + crossed
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(total > 0, (same - crossed) / total, 0.0)
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


def _inner(scatters: Sequence[ClassScatter | None], left: str, right: str) -> Matrix:
    """Return (T, T) inner products of one part of each with a part of the others; 0 of unknown."""
    known = [i for i, each in enumerate(scatters) if each is not None]
    widths = {each.features for each in scatters if each is not None}
    if len(widths) > 1:
        raise SettingError(
            "These class scatters are of different networks",
            expected="equally many features",
            got=", ".join(map(str, sorted(widths))),
            remedy="Compare tasks that were embedded with one probe.",
        )
    rows = {
        side: [getattr(scatters[i], side).astype(np.float32) for i in known]
        for side in {left, right}
    }
    found = np.zeros((len(scatters), len(scatters)))
    if not known:
        return found
    right_rows = np.concatenate(rows[right])
    starts = np.cumsum([0, *(len(each) for each in rows[right])])[:-1]
    for i, own in zip(known, rows[left], strict=True):
        # <A^T A, B^T B> = |A B^T|^2
        squares = np.square(own @ right_rows.T).sum(axis=0, dtype=np.float64)
        found[i, known] = np.add.reduceat(squares, starts)
    return found
