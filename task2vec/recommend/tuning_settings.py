"""What a starting model is fine-tuned with."""

from dataclasses import dataclass

from task2vec.errors import SettingError


@dataclass(frozen=True)
class FineTuningSettings:
    """``patience`` is the number of epochs without a better validation loss before it stops.

    ``learning_rate`` is the backbone's peak in a cosine schedule with one warm-up epoch. Raises
    `SettingError` out of range.
    """

    epochs: int = 8
    patience: int = 4
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("patience", 1), ("batch_size", 2), ("seed", 0)):
            if getattr(self, name) < least:
                raise SettingError(
                    f"{name} is too small",
                    expected=f"at least {least}",
                    got=str(getattr(self, name)),
                )
        if not 0 < self.learning_rate < 1:
            raise SettingError(
                "learning_rate is unusable", expected="between 0 and 1", got=str(self.learning_rate)
            )
        if not 0 <= self.weight_decay < 1:
            raise SettingError(
                "weight_decay is unusable",
                expected="at least 0 and below 1",
                got=str(self.weight_decay),
            )
