"""The temperature of a classifier: how far its logits are flattened so that its shares come true.

A network that was trained to the end is surer than it is right. Dividing its logits by one number,
fitted on images that did not train it, mends most of that and changes no label (Guo, Pleiss, Sun
and Weinberger, 2017, On calibration of modern neural networks).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: The weight of "as it is", in images that each pull with one squared logit.
PRIOR_IMAGES = 5.0
#: With fewer images the fit says more about them than about the classifier.
FEW_IMAGES = 30

_LEAST, _MOST = 1 / 50, 50.0
_NONE = "no image was left to calibrate on: the probabilities are the classifier's own"
_FEW = "the probabilities were calibrated on {} images only: take them as rough"


@dataclass(frozen=True)
class Temperature:
    """``value`` divides the logits; ``images`` is on how many it was fitted."""

    value: float = 1.0
    images: int = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What there is to say where it was fitted on few images or none."""
        if not self.images:
            return (_NONE,)
        return (_FEW.format(self.images),) if self.images < FEW_IMAGES else ()


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> Temperature:
    """Return the temperature that makes the labels (N,) likely under the logits (N, C).

    With ``b = 1 / T`` it minimises

    .. code-block:: text

        sum_i [ logsumexp(b z_i) - b z_i[y_i] ]  +  k (b - 1 - log b)

    The sum is the negative log-likelihood, convex in b since each term is a logsumexp of linear
    functions minus one of them. The second part, convex too and least at b = 1, is the negative
    logarithm of a gamma prior with that mode; k is `PRIOR_IMAGES`. So there is one minimum, T is 1
    without images, near 1 with few, and finite where all of them are right. T is kept within 1/50
    and 50.
    """
    if not len(labels):
        return Temperature()
    # scipy takes its time to load, and who only reads what was fitted does without.
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    scores = np.asarray(logits, dtype=np.float64)
    scores = scores - scores[np.arange(len(labels)), labels][:, None]

    def cost(log_b: float) -> float:
        b = np.exp(log_b)
        return float(logsumexp(b * scores, axis=1).sum() + PRIOR_IMAGES * (b - 1 - log_b))

    # In log b, whose scale is that of T too; one minimum stays one minimum.
    optimum = minimize_scalar(
        cost, bounds=(np.log(_LEAST), np.log(_MOST)), method="bounded", options={"xatol": 1e-8}
    )
    return Temperature(float(np.exp(-optimum.x)), len(labels))


def shares(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return the probabilities (N, C) of logits (N, C) at a temperature, in double precision."""
    scores = np.asarray(logits, dtype=np.float64) / temperature
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    normalised: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return normalised
