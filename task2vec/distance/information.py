"""The information distance: what a target's posterior needs beyond the source's, in nats."""

import numpy as np
from numpy.typing import ArrayLike

from task2vec.distance.operands import Array, operands


def information_distance(*, source: ArrayLike, target: ArrayLike) -> Array:
    """Return ``KL(N(w, 1/target) || N(w, 1/source))`` in nats, never negative.

    Both have the same mean w, so the term of the displacement, ``1/2 source (w_s - w_t)^2``, is
    left out, and an element counts once, whatever the number of weights that it is a mean over.
    With r = source/target, element by element, that is ``1/2 sum(r - 1 - log r)``. Elements that
    are zero in one of the two make it inf, its limit; elements that are zero in both make it nan.

    Args:
        source: the precisions of the prior, shape (..., n); leading dimensions broadcast.
        target: the precisions of the posterior, shape (..., n).

    Returns:
        Shape (...), without the last axis: shape () for two vectors.

    Raises:
        SettingError: for lengths that differ, or negative elements.
    """
    prior, posterior = operands(source, target)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = prior / posterior
        excess = (prior - posterior) / posterior
        # Near 1, r - 1 - log r cancels, while the excess r - 1 and log1p keep their digits;
        # near 0 it is the excess that loses those of r.
        terms = np.where(np.abs(excess) < 0.5, excess - np.log1p(excess), ratio - 1 - np.log(ratio))
    terms = np.where(np.isposinf(ratio), np.inf, np.maximum(terms, 0.0))
    return np.asarray(0.5 * terms.sum(axis=-1))
