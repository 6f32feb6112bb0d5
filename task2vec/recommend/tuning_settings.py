"""What a starting model is fine-tuned with."""

from dataclasses import dataclass
from enum import StrEnum

from task2vec.errors import SettingError

LEAST_STEPS = 64
RATES = (1e-3,)


class HeadStart(StrEnum):
    """What the classifier is when training begins."""

    ZEROS = "zeros"
    LINEAR_PROBE = "linear_probe"


@dataclass(frozen=True)
class FineTuningSettings:
    """``patience`` is the number of epochs without a better validation loss before it stops.

    ``epochs`` None are as many as make `LEAST_STEPS` steps, and at least 8. ``learning_rate`` is
    the backbone's peak in a cosine schedule with one warm-up epoch. ``augmentation`` is the
    strength of `jitter`, 0 for none. Raises `SettingError` out of range.
    """

    epochs: int | None = None
    patience: int = 4
    learning_rate: float | None = None
    weight_decay: float = 1e-2
    batch_size: int = 32
    augmentation: float = 1.0
    head_start: HeadStart = HeadStart.ZEROS
    seed: int = 0

    @property
    def rates(self) -> tuple[float, ...]:
        """The peak learning rates that are tried."""
        return RATES if self.learning_rate is None else (self.learning_rate,)

    def epochs_for(self, images: int) -> int:
        """Return how many epochs at most there are on so many training images."""
        if self.epochs is not None:
            return self.epochs
        return max(8, -(-LEAST_STEPS // -(-images // self.batch_size)))

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("patience", 1), ("batch_size", 2), ("seed", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise SettingError(
                    f"{name} is too small",
                    expected=f"at least {least}",
                    got=str(value),
                )
        if self.learning_rate is not None and not 0 < self.learning_rate < 1:
            raise SettingError(
                "learning_rate is unusable", expected="between 0 and 1", got=str(self.learning_rate)
            )
        if not 0 <= self.weight_decay < 1:
            raise SettingError(
                "weight_decay is unusable",
                expected="at least 0 and below 1",
                got=str(self.weight_decay),
            )
        if not 0 <= self.augmentation <= 5:
            raise SettingError(
                "augmentation is unusable", expected="from 0 to 5", got=str(self.augmentation)
            )
