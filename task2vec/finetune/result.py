"""What fine-tuning gave, without the network itself."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from task2vec.data.wording import plural
from task2vec.errors import InputError
from task2vec.finetune.settings import FineTuningSettings, HeadStart
from task2vec.recommend.prediction.intervals import wilson_interval
from task2vec.types.names import LONGEST_NAME, is_name
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


# Far above what anybody measures, far below what hurts where it is stored and shown.
_MOST_IMAGES = 1_000_000
_MOST_WARNINGS = 100
_LONGEST_TEXT = 10_000

_Count = Annotated[int, Field(ge=0, le=10**9)]
_Finite = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]


class _Settings(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", defer_build=True)

    epochs: _Count | None
    patience: _Count
    learning_rate: _Finite | None
    weight_decay: _Finite
    batch_size: _Count | None
    augmentation: _Finite
    head_start: HeadStart
    seed: int = Field(ge=0, lt=2**63)


class _Score(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", defer_build=True)

    accuracy: float = Field(ge=0, le=1)
    loss: _Finite


class _Choice(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", defer_build=True)

    chosen: Recipe
    by: ChosenBy
    images: _Count
    learning_rate: _Finite
    linear_probe: _Score | None
    fine_tuning: _Score | None
    noise: _Finite | None = None


class _ClassAccuracy(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", defer_build=True)

    label: _Text
    images: int = Field(ge=1, le=_MOST_IMAGES)
    correct: _Count


class _Form(BaseModel):
    model_config = ConfigDict(strict=True, defer_build=True)

    correct: list[bool] = Field(max_length=_MOST_IMAGES)
    test_keys: list[_Text] = Field(max_length=_MOST_IMAGES)
    protocol: _Text
    by_class: list[_ClassAccuracy] = Field([], max_length=_MOST_IMAGES)
    choice: _Choice | None = None
    epochs: _Count
    best_epoch: _Count
    seconds: _Finite
    settings: _Settings
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    warnings: list[_Text] = Field(max_length=_MOST_WARNINGS)
    resumed: _Text | None = None


@dataclass(frozen=True)
class ClassAccuracy:
    """How many of a class's test images were right."""

    label: str
    images: int
    correct: int

    @property
    def accuracy(self) -> float:
        """The share of them."""
        return self.correct / self.images


@dataclass(frozen=True, eq=False)
class Tuned:
    """How it went, and the honest accuracy: ``correct`` (T,) says which test images were right.

    ``by_class`` are the classes that have test images. ``sha256`` is that of the checkpoint's file.
    ``warnings`` are about the images that were used. ``resumed`` says in words where it went on
    with an interrupted run, None where it did not. ``choice`` is None and ``by_class`` empty of
    what an earlier version made.
    """

    correct: NDArray[np.bool_]
    test_keys: tuple[str, ...]
    protocol: str
    epochs: int
    best_epoch: int
    seconds: float
    settings: FineTuningSettings
    sha256: str
    warnings: tuple[str, ...] = ()
    choice: Choice | None = None
    by_class: tuple[ClassAccuracy, ...] = ()
    resumed: str | None = None

    @property
    def accuracy(self) -> float | None:
        """The share of right answers; None where no image could be held out."""
        return float(self.correct.mean()) if len(self.correct) else None

    @property
    def balanced_accuracy(self) -> float | None:
        """The mean of the classes' accuracies, however many images each has; None without any."""
        shares = [each.accuracy for each in self.by_class]
        return sum(shares) / len(shares) if shares else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the accuracy."""
        if not len(self.correct):
            return None
        return wilson_interval(int(self.correct.sum()), len(self.correct))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary that `from_json` reads."""
        return {**asdict(self), "correct": self.correct.tolist()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote; raises `InputError` for anything else."""
        try:
            form = _Form.model_validate_json(json.dumps(data))
            correct, keys = form.correct, form.test_keys
            if len(correct) != len(keys):
                raise ValueError(f"{len(correct)} answers on {len(keys)} test images")
            by_class = tuple(ClassAccuracy(**each.model_dump()) for each in form.by_class)
            told = (sum(c.correct for c in by_class), sum(c.images for c in by_class))
            if by_class and (
                told != (sum(correct), len(correct))
                or any(each.correct > each.images for each in by_class)
            ):
                raise ValueError(f"{told[0]} of {told[1]} test images right, class by class")
            if not form.best_epoch <= form.epochs:
                raise ValueError(f"epoch {form.best_epoch} of {form.epochs}")
            if not is_name(form.protocol):
                raise ValueError(f"the protocol {form.protocol!r:.{LONGEST_NAME}}")
            return cls(
                correct=np.array(correct, dtype=np.bool_),
                test_keys=tuple(keys),
                protocol=form.protocol,
                choice=None if form.choice is None else _choice(form.choice),
                epochs=form.epochs,
                best_epoch=form.best_epoch,
                seconds=form.seconds,
                settings=FineTuningSettings(**form.settings.model_dump()),
                sha256=form.sha256,
                warnings=tuple(form.warnings),
                by_class=by_class,
                resumed=form.resumed,
            )
        except (TypeError, ValueError) as error:
            raise InputError(
                "This does not say how fine-tuning went",
                expected="what Tuned.to_json gives",
                got=_first(error),
            ) from error


def _choice(form: _Choice) -> Choice:
    scores = {
        name: None if score is None else Score(score.accuracy, score.loss)
        for name, score in (
            ("linear_probe", form.linear_probe),
            ("fine_tuning", form.fine_tuning),
        )
    }
    return Choice(form.chosen, form.by, form.images, form.learning_rate, noise=form.noise, **scores)


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
