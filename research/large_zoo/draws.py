"""Two draws of a target's images: one trains on one half and is tested on the other."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from research.transfer.targets import Indices

#: Images of a class that train, or as many as the half has.
SHOTS = (5, 10)
#: Of these the scores that somebody can measure are tabled, too: with 10 they take twice as long.
SCORED = 5
#: Enough for a standard error of 4 points of a draw; gains are paired, and theirs is smaller.
MOST_TESTS = 120


@dataclass(frozen=True, eq=False)
class Draw:
    """Positions of the images that train, by images a class, and of those that test."""

    train: dict[int, Indices]
    test: Indices


def draws(name: str, labels: Indices, objects: Indices) -> tuple[Draw, Draw]:
    """Return two draws of which no image trains or tests in both, from labels and objects (N,).

    So a model that is best by one draw is judged by the other without the luck of the first.
    """
    rng = np.random.default_rng([zlib.crc32(b"halves"), zlib.crc32(name.encode())])
    first = first_half(labels, objects, rng)
    return _draw(labels, first, rng), _draw(labels, ~first, rng)


def first_half(labels: Indices, objects: Indices, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return which images (N,) are of the first half: whole objects, half of every class."""
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        mine = labels == label
        sizes = np.zeros(2, dtype=int)
        for thing in rng.permutation(np.unique(objects[mine])):
            rows = mine & (objects == thing)
            side = int(sizes.argmin()) if sizes[0] != sizes[1] else int(rng.integers(2))
            sizes[side] += rows.sum()
            chosen[rows] = side == 0
    return chosen


def _draw(labels: Indices, half: NDArray[np.bool_], rng: np.random.Generator) -> Draw:
    pool = rng.permutation(np.flatnonzero(half))
    by_class = [pool[labels[pool] == label] for label in np.unique(labels)]
    train = {shots: np.sort(np.concatenate([m[:shots] for m in by_class])) for shots in SHOTS}
    return Draw(train, np.sort(rng.permutation(np.flatnonzero(~half))[:MOST_TESTS]))
