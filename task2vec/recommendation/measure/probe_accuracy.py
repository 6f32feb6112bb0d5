"""What a linear probe, or a short fine-tuning, found image by image, and what two say of a gain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.recommendation.prediction.intervals import wilson_interval
from task2vec.types.tuning import Recipe


@dataclass(frozen=True, eq=False)
class ProbeAccuracy:
    """``correct`` (N,) says which images were right when they were held out.

    ``error`` is the squared error of a ridge regression on the same features with each image left
    out, relative to that without features (`measure.linear_probe`); None where it was not measured.
    ``recipe`` is what a short fine-tuning chose, None of a linear probe.
    """

    correct: NDArray[np.bool_]
    error: float | None = None
    recipe: Recipe | None = None

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(self.correct.mean())

    def interval(self, *, level: float) -> tuple[float, float]:
        """Return the interval of the accuracy; it leaves out that folds share training images."""
        return wilson_interval(int(self.correct.sum()), len(self.correct), level=level)


#: A model that lowers the squared error of ridge regression by e, relative to that without
#: features, gains this share of e, give or take some points: measured on the choosing half of
#: ``research/transfer``, docs/adr/0026-hierarchical-gains.md.
ERROR_SLOPE, ERROR_SD = 0.75, 0.07
#: The variance of a measured gain as a multiple of what its images alone say, since folds share
#: training images. This share of it is common to all models that were measured on the same images:
#: the default's error and that of the draw. Fitted to the probes of the choosing half of
#: ``research/transfer`` by ``python -m research.transfer.probe_noise``.
NOISE, COMMON = 1.34, 0.33
#: Over ``images * classes**3``: the variance of that share where there is nothing to learn, labels
#: being random. It bounds what four networks gave with 2 and 5 classes and 4 to 128 images.
ERROR_NOISE = 0.66


@dataclass(frozen=True)
class PairedGain:
    """A gain over the default on ``images`` images, and the variance of its measurement.

    ``lower_error`` is by how much the squared error is below the default's, None where that was not
    measured.
    """

    gain: float
    variance: float
    images: int
    lower_error: float | None = None

    def with_error(self, *, classes: int) -> tuple[float, float]:
        """Return the gain that both answers and errors speak for, and its variance.

        ``classes`` is the number of those of the images. With few images right answers are few,
        too: the error tells more, since it counts how sure they were; with a dozen of two classes
        it is itself mostly noise. Both are weighed by their precisions, as if they erred apart.
        """
        if self.lower_error is None or not self.images:
            return self.gain, self.variance
        noise = ERROR_NOISE / (self.images * classes**3)
        own, other = 1 / self.variance, 1 / (ERROR_SD**2 + noise)
        gain = (own * self.gain + other * ERROR_SLOPE * self.lower_error) / (own + other)
        return gain, 1 / (own + other)


def noise_parts(variance: float) -> tuple[float, float]:
    """Split the noise of a measured gain, whose images alone say ``variance``.

    Returns the variance of its own, and the standard deviation of what is common to all models that
    were measured on these images.
    """
    total = NOISE * variance
    return (1 - COMMON) * total, float(np.sqrt(COMMON * total))


def paired_gain(found: ProbeAccuracy, plain: ProbeAccuracy) -> PairedGain:
    """Return the gain of a model by its probe and that of the default on the same images.

    One won and one lost image more than seen are added to the variance: n equal answers do not
    prove equality.
    """
    difference = found.correct.astype(float) - plain.correct.astype(float)
    count = len(difference)
    gain = float(difference.mean())
    variance = (float((difference**2).sum()) + 2) / count**2 - gain**2 / count
    lower = None
    if found.error is not None and plain.error is not None:
        lower = plain.error - found.error
    return PairedGain(gain, variance, count, lower)
