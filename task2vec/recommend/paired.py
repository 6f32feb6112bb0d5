"""What linear probes of two models on the same images say of a gain."""

from dataclasses import dataclass

from task2vec.recommend.probe_accuracy import ProbeAccuracy


@dataclass(frozen=True)
class PairedGain:
    """A gain over the default on ``images`` images, and the variance of its measurement."""

    gain: float
    variance: float
    images: int


def paired_gain(found: ProbeAccuracy, plain: ProbeAccuracy) -> PairedGain:
    """Return the gain of a model by its probe and that of the default on the same images.

    One won and one lost image more than seen are added to the variance: n equal answers do not
    prove equality.
    """
    difference = found.correct.astype(float) - plain.correct.astype(float)
    count = len(difference)
    gain = float(difference.mean())
    variance = (float((difference**2).sum()) + 2) / count**2 - gain**2 / count
    return PairedGain(gain, variance, count)
