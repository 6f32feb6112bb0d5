"""Whether a linear probe or fine-tuning was the better choice, and by which numbers."""

from dataclasses import dataclass
from math import isfinite

from task2vec.data.wording import plural
from task2vec.types.tuning import ChosenBy, Recipe

#: A difference of accuracy decides from this many standard errors on: chance makes one in five
#: (docs/adr/0039-accuracy-chooses-the-recipe.md).
DECISIVE = 1.28


@dataclass(frozen=True)
class Score:
    """Accuracy and mean cross-entropy (nats, calibrated) on images that trained nothing."""

    accuracy: float
    loss: float


def prefers_tuning(linear_probe: Score, fine_tuning: Score, *, noise: float) -> bool:
    """Whether fine-tuning is the better choice.

    The accuracy decides where the difference is at least `DECISIVE` times its ``noise`` (standard
    error, paired by image). Within that noise the loss decides: it tells more of few images. A
    training that diverged is never the better choice.
    """
    if not isfinite(fine_tuning.loss):
        return False
    difference = fine_tuning.accuracy - linear_probe.accuracy
    if _decisive(difference, noise):
        return difference > 0
    return fine_tuning.loss < linear_probe.loss


def _decisive(difference: float, noise: float) -> bool:
    return abs(difference) >= DECISIVE * noise


@dataclass(frozen=True)
class Choice:
    """Both recipes on the same ``images`` images, and which was chosen.

    ``learning_rate`` is the best peak of those that were tried. Scores are None where there was
    nothing to choose by. ``noise`` is the standard error of the difference of their accuracies;
    None too of what an earlier version made, where the loss alone decided. These images chose, so
    the numbers of the chosen one flatter it a little; those of the test images do not.
    """

    chosen: Recipe
    by: ChosenBy
    images: int
    learning_rate: float
    linear_probe: Score | None = None
    fine_tuning: Score | None = None
    noise: float | None = None

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
            f"{_shown(tuned.loss)}; {self._decided(tuned.accuracy - frozen.accuracy)}"
        )

    def _decided(self, difference: float) -> str:
        if self.noise is None:
            return "the smaller loss decides"
        between = f"{100 * abs(difference):.0f} points, standard error {100 * self.noise:.0f}"
        if _decisive(difference, self.noise):
            return f"the accuracy decides ({between})"
        return f"the accuracies are too close to decide ({between}), the smaller loss does"


def _shown(loss: float) -> str:
    # Of a training that diverged it has many digits, which say nothing.
    return f"{loss:.2f}" if loss < 100 else f"{loss:.1e}"
