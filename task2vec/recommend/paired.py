"""What linear probes on the same images say of a gain."""

from dataclasses import dataclass

from task2vec.recommend.question import Question


@dataclass(frozen=True)
class PairedGain:
    """A gain over the default on ``images`` images, and the variance of its measurement."""

    gain: float
    variance: float
    images: int


def paired_gain(question: Question, model: str) -> PairedGain | None:
    """Return the gain of a model by the probes of it and of the default; None without both.

    One won and one lost image more than seen are added to the variance: n equal answers do not
    prove equality.
    """
    found, plain = question.measured.get(model), question.measured.get(question.default)
    if found is None or plain is None or model == question.default:
        return None
    difference = found.correct.astype(float) - plain.correct.astype(float)
    count = len(difference)
    gain = float(difference.mean())
    variance = (float((difference**2).sum()) + 2) / count**2 - gain**2 / count
    return PairedGain(gain, variance, count)
