"""The accuracy of the default on the target, as it is known or foretold."""

from dataclasses import dataclass

import numpy as np

from task2vec.messages.explanations import KnownBy
from task2vec.recommendation.answer.belief import NORMAL_REACH, Judge
from task2vec.recommendation.prediction.fine_tuned_gain import expected_excess, fine_tuned_default


@dataclass(frozen=True)
class UncertainAccuracy:
    """An accuracy, None where it is not known, with what lies ``below`` and ``above`` it."""

    accuracy: float | None
    below: float
    above: float

    @classmethod
    def of_probe(cls, accuracy: float, half: float, *, images: int) -> "UncertainAccuracy":
        """Foretell that of fine-tuning by a linear probe whose interval reaches ``half``."""
        tuned, low, high = fine_tuned_default(accuracy, images=images, reach=NORMAL_REACH)
        return cls(tuned, float(np.hypot(tuned - low, half)), float(np.hypot(high - tuned, half)))

    def with_gain(
        self, mean: float, half: float
    ) -> tuple[float | None, tuple[float, float] | None]:
        """Return the accuracy with a gain whose interval reaches ``half``, and its interval."""
        if self.accuracy is None:
            return None, None
        middle = self.accuracy + mean
        below, above = float(np.hypot(self.below, half)), float(np.hypot(self.above, half))
        expected = middle
        if mean or half:
            # The mean of what is possible: a clip at 0 or 1 would call certain what is a guess.
            sd = (below + above) / (2 * NORMAL_REACH)
            expected = expected_excess(middle, sd) - expected_excess(middle - 1, sd)
        low, high = min(middle - below, expected), max(middle + above, expected)
        return expected, (max(0.0, low), min(1.0, high))


@dataclass(frozen=True)
class PredictedAccuracy:
    """The default's accuracy on the target by a ``linear_probe``, and after being ``fine_tuned``.

    ``known_by`` is as in `DefaultAccuracy`, and ``images`` are those that a linear probe was tested
    on.
    """

    linear_probe: UncertainAccuracy
    fine_tuned: UncertainAccuracy
    known_by: KnownBy | None
    calibrated: bool = True
    images: int | None = None

    @classmethod
    def of(cls, judge: Judge) -> "PredictedAccuracy":
        """Return what is known of the target of a judge."""
        question = judge.question
        # Fine-tuning is what a probe foretells: where it was done, its result comes first.
        if question.recorded is not None:
            accuracy, variance = question.recorded
            half = NORMAL_REACH * float(np.sqrt(variance))
            recorded = UncertainAccuracy(accuracy, half, half)
            return cls(recorded, recorded, KnownBy.OUTCOMES)
        plain = question.measured.get(question.default)
        if plain is not None:
            count = len(plain.correct)
            p = float((plain.correct.sum() + 1) / (count + 2))
            half = NORMAL_REACH * float(np.sqrt(p * (1 - p) / count))
            return cls(
                UncertainAccuracy(plain.accuracy, half, half),
                UncertainAccuracy.of_probe(plain.accuracy, half, images=question.images),
                KnownBy.LINEAR_PROBE,
                images=count,
            )
        foretold = judge.base()
        if foretold is None:
            unknown = UncertainAccuracy(None, 0.0, 0.0)
            return cls(unknown, unknown, None)
        base, reach, sure = foretold
        low, high = base.interval(reach)
        # Outcomes elsewhere foretell what would be recorded here.
        elsewhere = UncertainAccuracy(base.accuracy, base.accuracy - low, high - base.accuracy)
        return cls(elsewhere, elsewhere, KnownBy.OTHER_TASKS, calibrated=sure)
