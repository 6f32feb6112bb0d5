"""Hadamard matrices: signs in rows and columns that are orthogonal to each other."""

from itertools import count

import numpy as np
from numpy.typing import NDArray

Signs = NDArray[np.int8]


def hadamard(least: int) -> Signs:
    """Return the smallest Hadamard matrix of order H >= ``least`` of those known here, (H, H).

    They are Sylvester's, of order 2^k, and Paley's, of order q + 1 for a prime q = 4k + 3, doubled
    any number of times by ``[[P, P], [P, -P]]``: of the orders 1, 2 and 4k up to 100, that lacks
    28, 36, 52, 56, 76, 92 and 100.

    >>> [len(hadamard(least)) for least in (1, 2, 3, 5, 9, 13, 17, 25)]
    [1, 2, 4, 8, 12, 16, 20, 32]
    """
    return next(found for order in count(least) if (found := _of_order(order)) is not None)


def _of_order(order: int) -> Signs | None:
    if order & (order - 1) == 0:
        # Imported here, since it takes a while.
        import scipy.linalg

        return np.asarray(scipy.linalg.hadamard(order), dtype=np.int8)
    if order % 4:
        return None
    if _is_prime(order - 1):
        return _paley(order - 1)
    half = _of_order(order // 2)
    return None if half is None else np.block([[half, half], [half, -half]])


def _paley(q: int) -> Signs:
    """Return I + Q' of order q + 1 for a prime q = 4k + 3 (Paley 1933).

    With chi(a) = 1 for squares modulo q, -1 for others and 0 for 0, Q = (chi(i - j)) has Q Q^T =
    q I - J, and is antisymmetric, since -1 is no square; so is Q' = [[0, 1], [-1, Q]], of which
    Q' Q'^T = q I. Hence (I + Q')(I + Q')^T = I + Q' + Q'^T + Q' Q'^T = (q + 1) I.
    """
    squares = np.zeros(q, dtype=np.int8)
    squares[np.arange(1, q) ** 2 % q] = 1
    chi = 2 * squares - 1
    chi[0] = 0
    i = np.arange(q)
    signs = np.eye(q + 1, dtype=np.int8)
    signs[0, 1:] += 1
    signs[1:, 0] -= 1
    signs[1:, 1:] += chi[(i[:, None] - i) % q]
    return signs


def _is_prime(number: int) -> bool:
    return number > 1 and all(number % d for d in range(2, int(number**0.5) + 1))
