"""The complexity of a task."""

from numpy.typing import ArrayLike

from task2vec.distance.operands import Array
from task2vec.distance.symmetric import symmetric_distance


def complexity(a: ArrayLike, trivial: ArrayLike) -> Array:
    """Return the symmetric distance of ``a`` (..., n) to the trivial embedding, shape (...).

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    return symmetric_distance(a, trivial)
