"""The accuracy of the default on the target, as it is known or foretold."""

from dataclasses import dataclass

import numpy as np

from task2vec.messages.explanations import KnownBy
from task2vec.recommendation.answer.question import Question
from task2vec.recommendation.evidence.recipes import expected_excess, moved
from task2vec.recommendation.prediction.difficulty import Difficulty
from task2vec.recommendation.prediction.intervals import NORMAL_REACH
from task2vec.recommendation.prediction.new_images import on_new_images
from task2vec.types.tuning import Recipe


@dataclass(frozen=True)
class UncertainAccuracy:
    """An accuracy, None where it is not known, with what lies ``below`` and ``above`` it."""

    accuracy: float | None
    below: float
    above: float

    def by(self, recipe: Recipe, *, known_by: Recipe, images: int) -> "UncertainAccuracy":
        """Return the accuracy by another recipe, trained on so many images."""
        if self.accuracy is None or recipe is known_by:
            return self
        other = moved(
            self.accuracy, known_by=known_by, to=recipe, images=images, reach=NORMAL_REACH
        )
        below, above = other.accuracy - other.low, other.high - other.accuracy
        return UncertainAccuracy(
            other.accuracy,
            float(np.hypot(below, self.below)),
            float(np.hypot(above, self.above)),
        )

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
    """The default's accuracy on the target by one ``recipe``, and from it by any other.

    ``known_by`` is as in `DefaultAccuracy`, ``tested`` are the images that a linear probe was
    tested on, and ``images`` those that train.
    """

    known: UncertainAccuracy
    recipe: Recipe
    known_by: KnownBy | None
    images: int
    calibrated: bool = True
    tested: int | None = None

    def by(self, recipe: Recipe) -> UncertainAccuracy:
        """Return the accuracy by a recipe."""
        return self.known.by(recipe, known_by=self.recipe, images=self.images)

    @classmethod
    def of(
        cls, question: Question, foretold: tuple[Difficulty, float, bool] | None
    ) -> "PredictedAccuracy":
        """Return what is known of a question's target.

        ``foretold`` is what other tasks say of it: see `Judge.foretold`.
        """
        images, recorded_by = question.training, question.gains.recipe
        if question.recorded is not None:
            accuracy, variance = question.recorded
            half = NORMAL_REACH * float(np.sqrt(variance))
            recorded = UncertainAccuracy(accuracy, half, half)
            return cls(recorded, recorded_by, KnownBy.OUTCOMES, images)
        plain = question.measured.get(question.default)
        if plain is not None:
            count = len(plain.correct)
            new = on_new_images(
                plain.accuracy,
                tested=count,
                images=images,
                classes=question.classes,
                reach=NORMAL_REACH,
            )
            probed = UncertainAccuracy(
                new.accuracy, max(new.accuracy - new.low, 0.0), new.high - new.accuracy
            )
            return cls(probed, Recipe.LINEAR_PROBE, KnownBy.LINEAR_PROBE, images, tested=count)
        if foretold is None:
            unknown = UncertainAccuracy(None, 0.0, 0.0)
            return cls(unknown, Recipe.LINEAR_PROBE, None, images)
        base, reach, sure = foretold
        low, high = base.interval(reach)
        # Outcomes elsewhere foretell what would be recorded here.
        elsewhere = UncertainAccuracy(base.accuracy, base.accuracy - low, high - base.accuracy)
        return cls(elsewhere, recorded_by, KnownBy.OTHER_TASKS, images, calibrated=sure)
