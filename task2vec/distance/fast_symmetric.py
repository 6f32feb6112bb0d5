"""Symmetric distances to many embeddings in a third of the time, nearly."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from task2vec.distance.matrix import symmetric_matrix
from task2vec.distance.prior import with_prior

QUICK_ERROR = 1e-4
"""By which a quick distance is off at most; 7e-7 was measured on real embeddings."""

# A block and its scratch space stay in a core's second-level cache.
_BLOCK_BYTES = 1 << 19


def quick_symmetric(
    query: ArrayLike, columns: NDArray[np.float32], *, prior_precision: float
) -> NDArray[np.float64]:
    """Return the symmetric distances (k,) of a query (n,) to ``columns`` (k, n) in float32.

    For finding those that are worth an exact one. A block of columns whose numbers float32 cannot
    hold gets the distances of `symmetric_matrix`.
    """
    a = with_prior(query, prior_precision).astype(np.float32)
    prior = np.float32(prior_precision)
    with np.errstate(over="ignore", under="ignore"):
        squares = np.square(a)
    result = np.empty(len(columns))
    height = max(1, _BLOCK_BYTES // (4 * max(1, a.size)))
    scratch = np.empty((height, a.size), dtype=np.float32)
    block = np.empty_like(scratch)
    for start in range(0, len(columns), height):
        rows = slice(start, start + height)
        b = block[: len(columns[rows])]
        w = scratch[: len(b)]
        try:
            with np.errstate(divide="raise", over="raise", invalid="raise", under="ignore"):
                # The sums are those of `symmetric_matrix`.
                np.add(columns[rows], prior, out=b)
                np.add(b, a, out=w)
                np.multiply(w, w, out=w)
                np.divide(np.float32(1), w, out=w)
                aa = w @ squares
                np.multiply(w, b, out=w)
                cosine = (w @ a) / np.sqrt(aa * np.einsum("ij,ij->i", w, b))
        except FloatingPointError:
            result[rows] = symmetric_matrix(query, columns[rows], prior_precision=prior_precision)[
                0
            ]
        else:
            result[rows] = np.maximum(1 - cosine, 0)
    return result
