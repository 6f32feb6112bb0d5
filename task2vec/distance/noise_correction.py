"""What a symmetric distance would be without the noise of its two embeddings.

Noise raises a distance, and not by a little: one image in some hundred may hold most of what a
filter shows, so that even embeddings of the same task and head are far apart. Such noise is neither
small nor Gaussian, which rules out corrections of first order: the jackknife's leaves half of it.

With ``z = (a - b)/(a + b)``, element by element, ``q = mean z^2`` and ``t = mean z``, the
distance is ``d = 1 - (1 - q)/sqrt((1 + q)^2 - 4 t^2)``: put ``u = (1 + z)/2`` for ``a/(a + b)``
and ``v = (1 - z)/2`` into ``1 - uv/sqrt(uu vv)``. Two things happen to q.

- The squares of z hold its variance: ``E z^2 = (E z)^2 + Var z``. So the *plain* distance r is
  too large.
- Of two *disjoint* halves of the images the products have none: ``E z_1 z_2 = (E z)^2``, and
  likewise for t. But z bends towards 0 at both ends, so that noise shrinks its mean, and the
  *crossed* distance c is too small. It is right for two equally noisy embeddings of one task,
  whose ``E z`` is 0.

Both are off by what falls as the parts grow, so they meet in the distance without noise. Halves
(r4, c4) and quarters (r2, c2) of the eight groups of images are two points of the curve (r, c);
its tangent, of slope ``s = (c4 - c2)/(r2 - r4)``, meets the diagonal r = c in
``c4 + s/(1 + s) (r4 - c4)``, whatever the law by which the noise falls with the images. The curve
itself bends: it goes on with a mean slope of about 2s, but not more than 1, where the crossed
distance gains what the plain one loses (docs/adr/0012-distances-without-noise.md).

The halvings also tell how well that is known. Products of different groups are as good as
independent; a halving holds 16 of the 28, two of them have 8 in common, and their mean holds all
with equal weight. So its variance, 1/28 of that of one product, is 8/7 of the variance between
the halvings, 1/16 - 1/32. What a group does on its own is the same in every halving: for that see
`task2vec.distance.estimates`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.distance.operands import Array

GROUPS = 8
"""The number of groups that the images of an embedding are dealt to, where there are as many."""

HALVINGS = GROUPS - 1

_BEND, _STEEPEST = 2.0, 1.0
# However noisy, the two meet between them, or not far below.
_FARTHEST = 0.5
# A slice and its scratch space stay in a core's second-level cache.
_SLICE = 1024

Groups = NDArray[np.float32]


def _shares() -> Groups:
    """Return which groups make up the halves and the quarters, shape (7 * 2 + 7 * 4, 8).

    The seven balanced halvings of a Hadamard matrix stand for all 35: every two groups are on one
    side equally often (McCarthy 1969, "Pseudo-replication: half samples").
    """
    # Sylvester's Hadamard matrix: the sign of (i, j) is the parity of the bits they share.
    numbers = range(GROUPS)
    one = np.array([[(i & j).bit_count() % 2 == 0 for j in numbers] for i in numbers[1:]])
    two = np.roll(one, 1, axis=0)
    halves = np.stack([one, ~one], axis=1)
    quarters = np.stack([one & two, one & ~two, ~one & two, ~one & ~two], axis=1)
    parts = np.concatenate([halves.reshape(-1, GROUPS), quarters.reshape(-1, GROUPS)])
    shares = parts / parts.sum(axis=-1, keepdims=True)
    return np.asarray(shares.astype(np.float32))


_SHARES = _shares()

#: The shares of the groups in the halves (7, 2, 8) and the quarters (7, 4, 8).
HALVES = _SHARES[: 2 * HALVINGS].reshape(HALVINGS, 2, GROUPS)
QUARTERS = _SHARES[2 * HALVINGS :].reshape(HALVINGS, 4, GROUPS)
# Which quarter of the other embedding a quarter meets: by halving, all four take turns; seen from
# the other side it is the same one.
_MET = np.arange(4) ^ (np.arange(HALVINGS) % 4)[:, None]


def _pairs(halves: Groups, quarters: Groups) -> Groups:
    """Return the shares (2 * 7 * 4, 8) of one side in four pairs of halves and four of quarters."""
    return np.concatenate([halves, quarters]).reshape(-1, GROUPS)


# Two halves and two halves make four pairs: (1, 1), (1, 2), (2, 1), (2, 2).
_OWN = _pairs(HALVES.repeat(2, axis=1), QUARTERS)
_OTHER = _pairs(np.tile(HALVES, (1, 2, 1)), QUARTERS[np.arange(HALVINGS)[:, None], _MET])


@dataclass(frozen=True, eq=False)
class Noiseless:
    """``distances`` (m,), and by how much each is another one by each halving, to first order.

    The variance that products of groups give a distance is the sum of the squares of its row of
    ``by_halving`` (m, 7).
    """

    distances: Array
    by_halving: Array


def noiseless_distances(
    query: Groups, others: Sequence[Groups], *, prior_precision: float
) -> Noiseless:
    """Estimate the symmetric distances that a query would have to m others without noise.

    Signed: for two embeddings of one task it is as often below 0 as above. The noise of one must
    be independent of the other's. Computed in float32, which is off by some 1e-6.

    Args:
        query: the estimates from each of the eight groups of images, shape (8, n); or (1, n) for
            what is known exactly.
        others: the same of the others.
        prior_precision: is added to every element.
    """
    size = query.shape[-1]
    sums = _Sums(len(others))
    prior = np.float32(prior_precision)
    with np.errstate(divide="ignore", invalid="ignore"):
        for start in range(0, size, _SLICE):
            elements = slice(start, start + _SLICE)
            a = _shares_of(query, _OWN) @ (query[:, elements] + prior)
            b, z = np.empty_like(a), np.empty_like(a)
            for row, other in enumerate(others):
                np.matmul(_shares_of(other, _OTHER), other[:, elements] + prior, out=b)
                np.subtract(a, b, out=z)
                sums.add(row, np.divide(z, np.add(a, b, out=b), out=z))
    # Axes: six statistics, m others, seven halvings.
    seen = sums.statistics(size)
    middle = seen.mean(axis=2)
    # A small step, since those of single halvings may leave the range where distances exist.
    step = 0.05
    around = _meeting(middle[:, :, None] + step * (seen - middle[:, :, None]))
    spread = (around - around.mean(axis=1, keepdims=True)) / step
    scale = np.sqrt(GROUPS / HALVINGS / (HALVINGS - 1))
    return Noiseless(_meeting(middle), np.asarray(scale * spread))


class _Sums:
    """Sums over elements of z, of its squares and of its crossed products.

    Axes: m others, halves and quarters, seven halvings, four pairs.
    """

    def __init__(self, others: int) -> None:
        self.values = np.zeros((others, 2, HALVINGS, 4))
        self.squares = np.zeros((others, 2, HALVINGS, 4))
        self.crossed = np.zeros((others, 2, HALVINGS))

    def add(self, row: int, z: Groups) -> None:
        """Add those of some elements (2 * 7 * 4, e) of the pairs with one other."""
        self.values[row] += (z @ np.ones(z.shape[-1], dtype=np.float32)).reshape(2, HALVINGS, 4)
        pairs = z.reshape(2, HALVINGS, 4, -1)
        self.squares[row] += np.einsum("hijk,hijk->hij", pairs, pairs)
        halves, whole = pairs[0], pairs[1].sum(axis=1)
        # The first pair of halves and the last have no image in common, nor do the middle two.
        self.crossed[row, 0] += np.einsum("ijk,ijk->i", halves[:, :2], halves[:, :1:-1])
        self.crossed[row, 1] += np.einsum("ik,ik->i", whole, whole)

    def statistics(self, size: int) -> Array:
        """Return (6, m, 7): plain distance, crossed q and t^2, of halves and of quarters."""
        (mean4, mean2), (square4, square2), (crossed4, crossed2) = (
            np.moveaxis(each / size, 1, 0) for each in (self.values, self.squares, self.crossed)
        )
        return np.stack(
            [
                _distance(square4, np.square(mean4)).mean(axis=-1),
                crossed4 / 2,
                (mean4[..., 0] * mean4[..., 3] + mean4[..., 1] * mean4[..., 2]) / 2,
                _distance(square2, np.square(mean2)).mean(axis=-1),
                # The sum over i /= j of x_i x_j is the square of the sum less the squares.
                (crossed2 - square2.sum(axis=-1)) / 12,
                (np.square(mean2.sum(axis=-1)) - np.square(mean2).sum(axis=-1)) / 12,
            ]
        )


def _shares_of(groups: Groups, shares: Groups) -> Groups:
    """Return the ``shares`` of eight groups, or of the one that is known exactly."""
    return shares if len(groups) == GROUPS else np.ones((len(shares), 1), dtype=np.float32)


def _distance(q: Array, t: Array) -> Array:
    # Products may leave the range that squares have, where the root is none.
    root = np.sqrt(np.maximum(np.square(1 + q) - 4 * t, 1e-300))
    return np.asarray(1 - (1 - q) / root)


def _meeting(seen: Array) -> Array:
    """Return where the plain and the crossed distance meet, from the six statistics."""
    r4, r2 = seen[0], seen[3]
    c4, c2 = _distance(seen[1], seen[2]), _distance(seen[4], seen[5])
    # Parts that do not differ have no slope, and nothing to correct.
    slope = np.divide(c4 - c2, r2 - r4, out=np.zeros_like(r4), where=r2 - r4 > 1e-9)
    bent = np.minimum(_BEND * slope, _STEEPEST)
    slope = np.where(slope > 0, bent, np.maximum(slope, -_FARTHEST))
    share = np.maximum(slope / (1 + slope), -_FARTHEST)
    return np.asarray(c4 + share * (r4 - c4))
