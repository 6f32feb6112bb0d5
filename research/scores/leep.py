"""LEEP: how well the classes of a model's own training foretell those of the target."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from research.scores.names import ScoreName
from research.scores.seen import Seen
from task2vec.errors import SettingError


class Leep:
    """The log expected empirical prediction (Nguyen et al., ICML 2020, arXiv 2002.12462)."""

    name: ClassVar = ScoreName.LEEP

    def __call__(self, seen: Seen) -> float:
        """Return the mean log-likelihood of the labels, in nats per image, at most 0.

        Raises `SettingError` where the source logits are not known.
        """
        if seen.source_logits is None:
            raise SettingError(
                "LEEP needs what the model's own classifier says of the images",
                expected="source_logits",
                got="None",
                remedy="Use a score that looks at the features alone.",
            )
        logits = np.asarray(seen.source_logits, dtype=np.float64)
        return leep(softmax(logits, axis=1), seen.labels, classes=seen.classes)


def leep(probabilities: NDArray[np.float64], labels: NDArray[np.int64], *, classes: int) -> float:
    """Return ``1/N sum_i log sum_z P(y_i | z) p_iz``, z the source classes.

    ``probabilities`` p are (N, S), and ``labels`` y (N,).
    ``P(y, z) = 1/N sum_{i: y_i = y} p_iz`` is the joint distribution that the images show, and
    ``P(y | z) = P(y, z) / P(z)``.
    """
    joint = np.zeros((classes, probabilities.shape[1]))
    np.add.at(joint, labels, probabilities)
    total = joint.sum(axis=0)
    # A source class that no image is given, to the last digit, foretells nothing.
    given_source = np.divide(joint, total, out=np.zeros_like(joint), where=total > 0)
    # An image counts in its own P(y, z), so this is at least sum_z p_iz^2 / N: no log of 0.
    expected = np.einsum("iz,iz->i", given_source[labels], probabilities)
    return float(np.log(expected).mean())
