"""The expected gain of fine-tuning, from the gain of a linear probe.

A linear probe on frozen features is what the gain model is about. Fine-tuning the whole network
keeps a loss and, the more images there are, the less of a gain: the default catches up. The
constants are fitted by ``python -m research.transfer.follow`` to 70 fine-tuned models of the
choosing half of the families; on the other half, and on each family left out of the fit, 90 %
intervals held 92 and 91 % of the fine-tuned gains: docs/adr/0038-promises.md. Gains are fractions
of accuracy.
"""

from dataclasses import dataclass
from math import exp, log, pi, sqrt
from statistics import NormalDist

#: Of a loss so much is left after fine-tuning.
LOSS_SLOPE = 1.16
#: With ``images`` training images ``exp(-images / FADES)`` of a gain is left.
FADES = 107.0
#: Standard deviations around that: one of any model, and one as a share of the probe's gain. The
#: noise of some 200 test images is in the former.
OWN_SD, SHARE_SD = 0.066, 0.35
#: What the default itself gains by fine-tuning with many images, in log-odds of its accuracy, and
#: the standard deviation of that.
LIFT, LIFT_SD = 1.13, 0.59
#: Accuracies nearer to 0 or 1 than this count as at this distance: log-odds have no ends.
_EDGE = 0.01


@dataclass(frozen=True)
class FineTunedGain:
    """A normal distribution of the gain that one fine-tuning will show."""

    mean: float
    sd: float

    def after(self, gain: float, variance: float) -> "FineTunedGain":
        """Return it once fine-tuning itself has been measured, with the variance of that."""
        own = 1 / self.sd**2
        other = 1 / variance
        mean = (own * self.mean + other * gain) / (own + other)
        return FineTunedGain(mean, 1 / sqrt(own + other))


def kept_of_gain(images: int) -> float:
    """Return the share of a probe's gain that fine-tuning on these images keeps."""
    return exp(-images / FADES)


def fine_tuned_gain(mean: float, sd: float, *, images: int) -> FineTunedGain:
    """Return what to expect where the probe's gain is believed normal with ``mean`` and ``sd``.

    ``images`` are those to train on. With g the probe's gain, fine-tuning gives
    ``LOSS_SLOPE min(g, 0) + kept_of_gain max(g, 0)`` on average; mean and variance of that over the
    belief have a closed form.
    """
    kept = kept_of_gain(images)
    above, below = expected_excess(mean, sd), expected_excess(-mean, sd)
    # The mean of ``max(x, 0)**2`` of a normal x is ``mean E[max(x, 0)] + sd**2 P(x > 0)``.
    positive = NormalDist().cdf(mean / sd) if sd > 0 else 0.0
    expected = kept * above - LOSS_SLOPE * below
    square = kept**2 * (mean * above + sd**2 * positive)
    square += LOSS_SLOPE**2 * (sd**2 * (1 - positive) - mean * below)
    residual = OWN_SD**2 + SHARE_SD**2 * (mean**2 + sd**2)
    return FineTunedGain(expected, sqrt(max(square - expected**2, 0.0) + residual))


def fine_tuned_default(accuracy: float, *, images: int, reach: float) -> tuple[float, float, float]:
    """Return the default's accuracy after fine-tuning, with the ends of its interval.

    ``accuracy`` is that of its linear probe; the interval reaches ``reach`` standard deviations.
    """
    edged = min(max(accuracy, _EDGE), 1 - _EDGE)
    middle = log(edged / (1 - edged)) + LIFT * (1 - kept_of_gain(images))
    expected, low, high = (1 / (1 + exp(-(middle + at * reach * LIFT_SD))) for at in (0, -1, 1))
    return expected, low, high


def expected_excess(mean: float, sd: float) -> float:
    """Return ``E[max(x, 0)]`` of a normal x."""
    if not sd > 0:
        return max(mean, 0.0)
    z = mean / sd
    return mean * NormalDist().cdf(z) + sd * exp(-z * z / 2) / sqrt(2 * pi)
