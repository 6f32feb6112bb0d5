"""The prior precision, and the trivial embedding that it gives a place to."""

import numpy as np
from numpy.typing import ArrayLike

from task2vec.distance.operands import Array
from task2vec.errors import SettingError


def with_prior(values: ArrayLike, prior_precision: float) -> Array:
    """Return ``values + prior_precision`` in float64, in a new array of the same shape.

    A filter that is dead on both tasks then has the ratio 1 instead of 0/0.

    Raises:
        SettingError: for a prior precision that is negative or not finite.
    """
    if not 0 <= prior_precision < np.inf:
        raise SettingError(
            "The prior precision is unusable",
            expected="a finite number >= 0",
            got=f"{prior_precision}",
        )
    return np.asarray(np.asarray(values, dtype=np.float64) + prior_precision)


def trivial_embedding(elements: int, prior_precision: float) -> Array:
    """Return the embedding (elements,) of the trivial task, prior included.

    A task without information has zero Fisher, so the prior is all that is left of it. Without a
    prior every distance to it is nan.

    Raises:
        SettingError: for a prior precision that is negative or not finite.
    """
    return with_prior(np.zeros(elements), prior_precision)
