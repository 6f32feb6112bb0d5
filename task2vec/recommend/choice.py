"""Whether a linear probe or fine-tuning was the better choice, and by which numbers."""

from dataclasses import dataclass

from task2vec.data.wording import plural
from task2vec.types.tuning import ChosenBy, Recipe


@dataclass(frozen=True)
class Score:
    """Accuracy and mean cross-entropy (nats, calibrated) on images that trained nothing."""

    accuracy: float
    loss: float


def prefers_tuning(linear_probe: Score, fine_tuning: Score) -> bool:
    """Whether fine-tuning is the better choice, by the loss: it tells more than the accuracy."""
    return fine_tuning.loss < linear_probe.loss


@dataclass(frozen=True)
class Choice:
    """Both recipes on the same ``images`` images, and which was chosen.
    ``learning_rate`` is the best peak of those that were tried. Scores are None where there was
    nothing to choose by. These images chose, so the numbers of the chosen one flatter it a little;
    those of the test images do not.
    """

    chosen: Recipe
    by: ChosenBy
    images: int
    learning_rate: float
    linear_probe: Score | None = None
    fine_tuning: Score | None = None

    @property
    def reason(self) -> str:
        """One sentence with the numbers."""
        if self.linear_probe is None or self.fine_tuning is None:
            return "one image a class is too few to tell whether fine-tuning helps"
        where = {
            ChosenBy.VALIDATION: f"on {plural(self.images, 'validation image')}",
            ChosenBy.CROSS_VALIDATION: "by cross-validation on "
            + plural(self.images, "training image"),
        }[self.by]
        frozen, tuned = self.linear_probe, self.fine_tuning
        return (
            f"{where} the linear probe has {100 * frozen.accuracy:.0f} % right and a loss of "
            f"{_shown(frozen.loss)}, fine-tuning {100 * tuned.accuracy:.0f} % and "
            f"{_shown(tuned.loss)}; the smaller loss decides"
        )


def _shown(loss: float) -> str:
    # Of a training that diverged it has many digits, which say nothing.
    return f"{loss:.2f}" if loss < 100 else f"{loss:.1e}"
