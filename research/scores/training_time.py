"""How long the linearised network would train on the target's images."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from research.scores.names import TuningScoreName
from research.scores.seen import Seen, gradients_of
from research.scores.spectrum import centred_spectrum

#: The share of the first loss at which training ends.
REACHED = 0.1
# A loss that no direction of the gradients reduces takes for ever: so long, as a logarithm.
_LONGEST = 50.0


class TrainingTime:
    """The training time of the network linearised (Zancato et al., arXiv 2008.12478).

    Gradient flow on the squared loss of the network linearised at its first weights moves the
    outputs by ``df/dt = K (Y - f)``, K the inner products of the images' gradients. The paper has
    the learning rate's scale; here times are in units of one over the mean eigenvalue of K, since
    the steps of Adam do not depend on the scale of the gradients. All classes share one K: see
    `research.scores.gradients`.
    """

    name: ClassVar = TuningScoreName.TRAINING_TIME

    def __call__(self, seen: Seen) -> float:
        """Return the negative logarithm of the time: larger is faster.

        Raises `SettingError` where the gradients are not known.
        """
        return -log_time(gradients_of(seen), seen.labels)


def log_time(gradients: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the log of the time t at which the loss ``sum_k e^(-2 l_k t) |v_k^T Y|^2`` is low.

    ``gradients`` are (N, P) and ``labels`` (N,). Y are one-hot labels less their shares, and l, v
    the eigenvalues, of mean 1, and eigenvectors of the centred kernel: a bias takes care of the
    mean. Low is `REACHED` of what it is at 0. Neither scale, shift nor rotation of the gradients
    matters. Where it is never low, or there is one class only, the answer is the longest time.
    """
    spectrum = centred_spectrum(gradients)
    Y = (labels[:, None] == np.unique(labels)).astype(np.float64)
    Y -= Y.mean(axis=0)
    total = float((Y**2).sum())
    if not total or not len(spectrum.variances):
        return _LONGEST
    rates = spectrum.variances / spectrum.variances.sum() * (len(Y) - 1)
    parts = ((spectrum.coordinates.T @ Y) ** 2).sum(axis=1) / len(Y) / total
    rest = max(1 - float(parts.sum()), 0.0)

    def above(log_t: float) -> float:
        return float(parts @ np.exp(-2 * rates * np.exp(log_t))) + rest - REACHED

    if above(_LONGEST) >= 0:
        return _LONGEST
    return float(brentq(above, -_LONGEST, _LONGEST, xtol=1e-10))
