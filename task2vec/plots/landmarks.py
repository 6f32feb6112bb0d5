"""A layout of any number of tasks by some of them, the landmarks.

Landmarks are laid out by metric MDS; each other task is then put where its distances to the
landmarks fit best, whatever others there are (after de Silva and Tenenbaum 2004, "Sparse
multidimensional scaling using landmark points", with stress instead of strain). So a new task moves
none of those that are there.
"""

import math

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Numbers = NDArray[np.float32]

_ROUNDS, _STEPS = 300, 60
_STILL = 1e-4
_NEAR_ZERO = 1e-6
_AT_ONCE = 512


def lay_out_landmarks(distances: Matrix) -> Matrix:
    """Return positions (l, 2), in units of distance, for symmetric ``distances`` (l, l).

    Metric MDS by majorisation (de Leeuw 1977) from classical scaling: it depends on the distances
    alone. Different landmarks that start at one spot are parted by fixed small steps.
    """
    count = len(distances)
    if count < 2 or not distances.any():
        return np.zeros((count, 2))
    positions = _classical(distances)
    angles = 2.4 * np.arange(count)
    positions += 1e-3 * distances.mean() * np.column_stack([np.cos(angles), np.sin(angles)])
    for _ in range(_ROUNDS):
        lengths = _lengths(positions, positions)
        np.fill_diagonal(lengths, 1.0)
        weights = distances / lengths
        moved = (positions * weights.sum(axis=1, keepdims=True) - weights @ positions) / count
        shift = np.linalg.norm(moved - positions)
        positions = moved
        if shift < _STILL * np.linalg.norm(positions):
            break
    return np.asarray(positions - positions.mean(axis=0))


def place(distances: Numbers, landmarks: Matrix) -> Matrix:
    """Return the positions (m, 2) of tasks at ``distances`` (m, l) from ``landmarks`` (l, 2).

    Each minimises its own stress against the landmarks, by majorisation from their mean weighted
    by nearness.
    """
    near = 1 / np.maximum(distances, 1e-2).astype(np.float64) ** 4
    positions: Matrix = (near @ landmarks) / near.sum(axis=1, keepdims=True)
    count, middle = landmarks.shape[0], landmarks.mean(axis=0)
    for first in range(0, len(positions), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        wanted, here = distances[some], positions[some]
        for _ in range(_STEPS):
            weights = wanted / _lengths(here, landmarks)
            pulled = here * weights.sum(axis=1, keepdims=True) - weights @ landmarks
            here = middle + pulled / count
        positions[some] = here
    return positions


def fit_terms(distances: Numbers, positions: Matrix, landmarks: Matrix) -> Matrix:
    """Return, for each of m tasks, the sums (m, 3) that its part of the `misfit` is made of.

    With D the distances to the landmarks and d the lengths: ``D.D``, ``D.d`` and ``d.d``.
    """
    wanted, lengths = distances.astype(np.float64), _lengths(positions, landmarks)
    pairs = ((wanted, wanted), (wanted, lengths), (lengths, lengths))
    return np.column_stack([np.einsum("ij,ij->i", a, b) for a, b in pairs])


def misfit(terms: Matrix) -> float:
    """Return how far lengths to the landmarks are off, as a fraction in [0, 1].

    Stress-1 at the best scale, as `task2vec.plots.layout.stress` over all pairs.
    """
    wanted, across, lengths = terms.sum(axis=0).tolist()
    if not wanted:
        return 0.0
    return math.sqrt(max(0.0, 1.0 - across * across / (wanted * lengths))) if lengths else 1.0


def turned_onto(places: Matrix, anchors: Matrix) -> Matrix:
    """Return the rotation, perhaps with a reflection, (2, 2) that brings places nearest to anchors.

    Both are (m, 2), of the same tasks (orthogonal Procrustes problem, Schoenemann 1966).
    """
    centred = (places - places.mean(axis=0)).T @ (anchors - anchors.mean(axis=0))
    left, _, right = np.linalg.svd(centred)
    return np.asarray(left @ right)


def _lengths(a: Matrix, b: Matrix) -> Matrix:
    squares = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, _NEAR_ZERO**2)))


def _classical(distances: Matrix) -> Matrix:
    """Return the two leading axes (l, 2) of the doubly centred squared distances."""
    squares = distances**2
    means = squares.mean(axis=0)
    values, vectors = np.linalg.eigh(-0.5 * (squares - means - means[:, None] + squares.mean()))
    leading = vectors[:, -2:] * np.sqrt(np.maximum(values[-2:], 0))
    # An axis has no sign of its own.
    largest = leading[np.abs(leading).argmax(axis=0), [0, 1]]
    return np.asarray((leading * np.where(largest < 0, -1, 1))[:, ::-1])
