"""What fine-tuning gave, without the network itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import InputError
from task2vec.recommend.intervals import wilson_interval
from task2vec.recommend.tuning_settings import FineTuningSettings


@dataclass(frozen=True, eq=False)
class Tuned:
    """How it went, and the honest accuracy: ``correct`` (T,) says which test images were right.

    ``sha256`` is that of the checkpoint's file. ``warnings`` are about the images that were used.
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

    @property
    def accuracy(self) -> float | None:
        """The share of right answers; None where no image could be held out."""
        return float(self.correct.mean()) if len(self.correct) else None

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
            correct = [bool(value) for value in data["correct"]]
            keys = tuple(str(key) for key in data["test_keys"])
            if len(correct) != len(keys):
                raise ValueError(f"{len(correct)} answers on {len(keys)} test images")
            return cls(
                correct=np.array(correct, dtype=np.bool_),
                test_keys=keys,
                protocol=str(data["protocol"]),
                epochs=int(data["epochs"]),
                best_epoch=int(data["best_epoch"]),
                seconds=float(data["seconds"]),
                settings=FineTuningSettings(**data["settings"]),
                sha256=str(data["sha256"]),
                warnings=tuple(str(warning) for warning in data["warnings"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "This does not say how fine-tuning went",
                expected="what Tuned.to_json gives",
                got=f"{type(error).__name__}: {error}",
            ) from error
