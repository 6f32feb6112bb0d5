"""What models got right on the target's own images, and what that says of their gains."""

from collections.abc import Mapping

from task2vec.recommendation.evidence.leaks import SEEN_GAIN
from task2vec.recommendation.measure.probe_accuracy import PairedGain, ProbeAccuracy, paired_gain

#: Which test images each model got right, by model id.
Measured = Mapping[str, ProbeAccuracy]


def gain_of(model: str, measured: Measured, default: str) -> PairedGain | None:
    """Return the gain of a model by what it and the default got right; None without both."""
    own, plain = measured.get(model), measured.get(default)
    if own is None or plain is None or model == default:
        return None
    return paired_gain(own, plain)


def discounted(gain: float, variance: float, *, seen: float) -> tuple[float, float]:
    """Return a measured gain and its variance without what images flatter that a model has seen.

    ``seen`` is their share. What one image flatters by is `SEEN_GAIN` on average; the whole
    correction counts as its own doubt.
    """
    flattered = SEEN_GAIN * seen
    return gain - flattered, variance + flattered**2


def is_tie(model: str, *measured: Measured, default: str) -> bool:
    """Whether a model and the default got as many images right as each other, to one image.

    The first of ``measured`` that has both decides: fine-tuning says more than a linear probe.
    """
    for each in measured:
        paired = gain_of(model, each, default)
        if paired is not None:
            return abs(round(paired.gain * paired.images)) <= 1
    return False
