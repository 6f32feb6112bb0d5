"""What fine-tuning gave, without the network itself: as it is made, sent by a worker, and read."""

import json
from collections.abc import Mapping
from math import inf, isfinite
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)

from task2vec.data.wording import plural
from task2vec.errors import InputError
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.messages.faults import first_fault
from task2vec.recommendation.prediction.intervals import wilson_interval
from task2vec.types.names import LONGEST_NAME, is_name
from task2vec.types.tuning import ChosenBy, Recipe

#: A difference of accuracy decides from this many standard errors on: chance makes one in five
#: (docs/adr/0039-accuracy-chooses-the-recipe.md).
DECISIVE = 1.28
#: How it is fine-tuned and tested; outcomes of other protocols are not compared.
PROTOCOL = "fine-tuning/3"
# Far above what anybody says, far below what hurts where it is stored and shown.
_MOST_WARNINGS = 100
_LONGEST_TEXT = 10_000
# An epoch each, of which nobody can ask for more.
_MOST_POINTS = 1000

_Count = Annotated[int, Field(ge=0, le=10**9)]
_Finite = Annotated[float, Field(ge=0, allow_inf_nan=False)]
# JSON has no number for the loss of a training that diverged: there it is null.
_Loss = Annotated[
    float,
    BeforeValidator(lambda loss: inf if loss is None else loss),
    PlainSerializer(lambda loss: loss if isfinite(loss) else None, when_used="json"),
]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class Score(_Part):
    """Accuracy and mean cross-entropy (nats, calibrated) on images that trained nothing.

    The loss of a training that diverged is not finite.
    """

    accuracy: float = Field(ge=0, le=1)
    loss: _Loss


class CurvePoint(Score):
    """The `Score` on the validation images after so many ``steps`` of training."""

    steps: _Count


def prefers_training(linear_probe: Score, all_layers: Score, *, noise: float) -> bool:
    """Whether training all layers is the better choice.

    The accuracy decides where the difference is at least `DECISIVE` times its ``noise`` (standard
    error, paired by image). Within that noise the loss decides: it tells more of few images. A
    training that diverged is never the better choice.
    """
    if not isfinite(all_layers.loss):
        return False
    difference = all_layers.accuracy - linear_probe.accuracy
    if _decisive(difference, noise):
        return difference > 0
    return all_layers.loss < linear_probe.loss


def _decisive(difference: float, noise: float) -> bool:
    return abs(difference) >= DECISIVE * noise


class Choice(_Part):
    """Linear probe and all layers on the same ``images`` images, and which was chosen.

    ``learning_rate`` is the peak of the training of all layers. Scores are None where there was
    nothing to choose by. ``noise`` is the standard error of the difference of their accuracies;
    None too of what an earlier version made, where the loss alone decided. These images chose, so
    the numbers of the chosen one flatter it a little; those of the test images do not.
    """

    chosen: Recipe
    by: ChosenBy
    images: _Count
    learning_rate: _Finite
    linear_probe: Score | None = None
    # Earlier versions said "fine_tuning".
    all_layers: Score | None = Field(
        None, validation_alias=AliasChoices("all_layers", "fine_tuning")
    )
    noise: _Finite | None = None

    @property
    def reason(self) -> str:
        """One sentence with the numbers."""
        if self.linear_probe is None or self.all_layers is None:
            return "one image a class is too few to tell whether training helps"
        where = {
            ChosenBy.VALIDATION: f"on {plural(self.images, 'validation image')}",
            ChosenBy.CROSS_VALIDATION: "by cross-validation on "
            + plural(self.images, "training image"),
        }[self.by]
        frozen, tuned = self.linear_probe, self.all_layers
        return (
            f"{where} the linear probe has {100 * frozen.accuracy:.0f} % right and a loss of "
            f"{_shown(frozen.loss)}, all layers {100 * tuned.accuracy:.0f} % and "
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
    # Of a training that diverged it has many digits, which say nothing, or is none.
    if not isfinite(loss):
        return "no finite loss"
    return f"{loss:.2f}" if loss < 100 else f"{loss:.1e}"


class ClassAccuracy(_Part):
    """How many of a class's test images were right."""

    label: str
    images: int = Field(ge=1)
    correct: _Count

    @property
    def accuracy(self) -> float:
        """The share of them."""
        return self.correct / self.images


class Tuned(BaseModel):
    """How it went, and the honest accuracy: ``correct`` (T,) says which test images were right.

    ``by_class`` are the classes that have test images. ``sha256`` is that of the checkpoint's file.
    ``warnings`` are about the images that were used. ``resumed`` says in words where it went on
    with an interrupted run, None where it did not.

    ``recipe`` is what was made; ``choice`` is None where it was fixed and nothing was chosen.
    ``curve`` is the accuracy by step of what was trained, on the validation images, also where the
    linear probe was better; empty where too few images would validate.

    Of what an earlier version made, ``recipe``, ``choice`` and ``images``, the most that were
    drawn, may be None, and ``by_class`` is empty.
    """

    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)

    correct: tuple[bool, ...]
    test_keys: tuple[str, ...]
    protocol: str
    epochs: _Count
    best_epoch: _Count
    seconds: _Finite
    settings: FineTuningSettings
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    warnings: tuple[str, ...] = ()
    recipe: Recipe | None = None
    choice: Choice | None = None
    curve: tuple[CurvePoint, ...] = ()
    by_class: tuple[ClassAccuracy, ...] = ()
    resumed: str | None = None
    images: _Count | None = None

    @property
    def accuracy(self) -> float | None:
        """The share of right answers; None where no image could be held out."""
        return sum(self.correct) / len(self.correct) if self.correct else None

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of the classes' accuracies, however many images each has; None without any."""
        shares = [each.accuracy for each in self.by_class]
        return sum(shares) / len(shares) if shares else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the accuracy."""
        return wilson_interval(sum(self.correct), len(self.correct)) if self.correct else None


def read_tuned(sent: Mapping[str, Any]) -> Tuned:
    """Return what a worker says of a fine-tuning; raises `InputError` for what cannot be."""
    try:
        tuned = Tuned.model_validate_json(json.dumps(sent))
        _check(tuned)
    except (TypeError, ValueError) as error:
        raise InputError(
            "This does not say how fine-tuning went",
            expected="what task2vec.finetuning.result.Tuned holds",
            got=_first(error),
        ) from error
    return tuned


def _check(tuned: Tuned) -> None:
    """Raise `ValueError` for parts that contradict each other, and for more than anybody says."""
    correct, by_class, choice = tuned.correct, tuned.by_class, tuned.choice
    if len(correct) != len(tuned.test_keys):
        raise ValueError(f"{len(correct)} answers on {len(tuned.test_keys)} test images")
    counts = (sum(c.correct for c in by_class), sum(c.images for c in by_class))
    if by_class and (
        counts != (sum(correct), len(correct))
        or any(each.correct > each.images for each in by_class)
    ):
        raise ValueError(f"{counts[0]} of {counts[1]} test images right, class by class")
    if not tuned.best_epoch <= tuned.epochs:
        raise ValueError(f"epoch {tuned.best_epoch} of {tuned.epochs}")
    if not is_name(tuned.protocol):
        raise ValueError(f"the protocol {tuned.protocol!r:.{LONGEST_NAME}}")
    texts = (*tuned.test_keys, *tuned.warnings, *(c.label for c in by_class), tuned.resumed or "")
    if len(tuned.warnings) > _MOST_WARNINGS or max(map(len, texts)) > _LONGEST_TEXT:
        raise ValueError(f"more than {_MOST_WARNINGS} warnings, or {_LONGEST_TEXT} characters")
    if len(tuned.curve) > _MOST_POINTS or tuned.recipe is Recipe.AUTO:
        raise ValueError(f"a curve of {len(tuned.curve)} points, or no recipe")
    scores = () if choice is None else (choice.linear_probe, choice.all_layers)
    for score in (*scores, *tuned.curve):
        if score is not None and score.loss < 0:
            raise ValueError(f"a loss of {score.loss}")


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    return first_fault(error)
