"""What measurements of two models on the same images say of a gain."""

from dataclasses import dataclass

from task2vec.recommend.probe_accuracy import ProbeAccuracy

#: A model that lowers the squared error of ridge regression by e, relative to that without
#: features, gains this share of e, give or take some points: measured on the choosing half of
#: ``benchmarks/transfer``, docs/adr/0026-hierarchical-gains.md.
ERROR_SLOPE, ERROR_SD = 0.75, 0.07
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

    def with_error(self, *, missed: float, classes: int) -> tuple[float, float]:
        """Return the gain that both answers and errors speak for, and its variance.

        ``missed`` is the variance of what right answers on these images miss of the gain,
        ``classes`` the number of theirs. With few images right answers are few, too: the error
        tells more, since it counts how sure they were; with a dozen of two classes it is itself
        mostly noise. Both are weighed by their precisions, as if they erred apart.
        """
        variance = self.variance + missed
        if self.lower_error is None or not self.images:
            return self.gain, variance
        noise = ERROR_NOISE / (self.images * classes**3)
        own, other = 1 / variance, 1 / (ERROR_SD**2 + noise)
        gain = (own * self.gain + other * ERROR_SLOPE * self.lower_error) / (own + other)
        return gain, 1 / (own + other)


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
