"""What a starting model is fine-tuned with."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from task2vec.errors import SettingError
from task2vec.types.tuning import Recipe

#: The peak of all layers where images validate.
RATE = 1e-3
#: The same where too few images would: few want a smaller one, and trying a larger one too gained
#: nothing.
FEW_RATE = 3e-4
#: The peak of the last stage, however many images there are. In the first 14 cells of
#: ``research/results/recipes.csv`` 3e-3 was less accurate, by 5.7 points with few images and by 1.1
#: with many.
STAGE_RATE = 1e-3

#: Epochs of a short fine-tuning, at least.
SHORT_EPOCHS = 6

_LEAST_STEPS = 64
_STEPS_AN_EPOCH = 4
_SMALLEST_BATCH = 4
_LARGEST_BATCH = 32


class HeadStart(StrEnum):
    """What the classifier is when training begins."""

    ZEROS = "zeros"
    LINEAR_PROBE = "linear_probe"


# Strict: a worker sends them, too.
_STRICT = ConfigDict(strict=True, extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class FineTuningSettings:
    """``patience`` is the number of epochs without a better validation loss before it stops.

    ``learning_rate`` is the backbone's peak in a cosine schedule with one warm-up epoch; None is
    the recipe's own: see `peak`.
    ``augmentation`` is the strength of `jitter`, 0 for none. What is None depends on the images:
    ``batch_size`` is 32 or what makes 4 steps an epoch, ``epochs`` are 8 or what makes 64 steps.
    Raises `SettingError` out of range.
    """

    epochs: int | None = None
    patience: int = 4
    learning_rate: float | None = None
    weight_decay: float = 1e-2
    batch_size: int | None = None
    augmentation: float = 1.0
    head_start: HeadStart = HeadStart.ZEROS
    seed: Annotated[int, Field(lt=2**63)] = 0
    recipe: Recipe = Recipe.AUTO

    #: What `epochs` are at least, where they depend on the images.
    least_epochs: ClassVar[int] = 8

    def peak(self, recipe: Recipe, *, few: bool) -> float:
        """Return the peak learning rate of a recipe; ``few``: fewer images than validate."""
        if self.learning_rate is not None:
            return self.learning_rate
        if recipe is Recipe.LAST_STAGE:
            return STAGE_RATE
        return FEW_RATE if few else RATE

    def epochs_for(self, images: int) -> int:
        """Return the most epochs for this number of training images."""
        if self.epochs is not None:
            return self.epochs
        steps = -(-images // self.batch_for(images))
        return max(self.least_epochs, -(-_LEAST_STEPS // steps))

    def batch_for(self, images: int) -> int:
        """Return the images per step for this number of training images."""
        if self.batch_size is not None:
            return self.batch_size
        return min(_LARGEST_BATCH, max(_SMALLEST_BATCH, -(-images // _STEPS_AN_EPOCH)))

    def __post_init__(self) -> None:
        for name, allows, expected in _ALLOWED:
            value = getattr(self, name)
            # Written so that nan fails too.
            if value is not None and not allows(value):
                raise SettingError(f"{name} is unusable", expected=expected, got=str(value))


_ALLOWED: tuple[tuple[str, Callable[[float], bool], str], ...] = (
    ("epochs", lambda value: value >= 1, "at least 1"),
    ("patience", lambda value: value >= 1, "at least 1"),
    ("batch_size", lambda value: value >= 2, "at least 2"),
    ("seed", lambda value: value >= 0, "at least 0"),
    ("learning_rate", lambda value: 0 < value < 1, "between 0 and 1"),
    ("weight_decay", lambda value: 0 <= value < 1, "at least 0 and below 1"),
    ("augmentation", lambda value: 0 <= value <= 5, "from 0 to 5"),
)


@dataclass(frozen=True, config=_STRICT)
class ShortSettings(FineTuningSettings):
    """The same for a fine-tuning that is only compared with others: fewer epochs of many images.

    Few images have as many steps as ever: with 25, six epochs were 24 steps, in which training had
    hardly begun, and told nothing of what 64 would give.
    """

    least_epochs: ClassVar[int] = SHORT_EPOCHS
