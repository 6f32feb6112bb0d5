"""What an embedding is computed with."""

import math
from dataclasses import dataclass
from numbers import Integral, Real

from task2vec.errors import SettingError, WrongTypeError
from task2vec.probe.solver import DEFAULT_PENALTY
from task2vec.types import DEFAULT_ESTIMATOR, Estimator

#: See docs/adr/0003-prior-precision.md.
DEFAULT_PRIOR_PRECISION = 1e-6

#: Passes over all images, each with draws of its own, that a standard error is sought by.
MOST_PASSES = 4


@dataclass(frozen=True)
class EmbeddingSettings:
    """``images`` bounds how many are used (class-balanced), ``draws`` is label draws per image.

    ``standard_error``, where it is given, ends the estimate as soon as it is reached: then
    ``images`` is the most that are used. ``batch_size`` changes speed and memory only; None
    chooses it by the probe and its device.
    Raises `SettingError` out of range, `WrongTypeError` for what is no number.
    """

    images: int = 300
    estimator: Estimator = DEFAULT_ESTIMATOR
    draws: int = 1
    seed: int = 0
    head_penalty: float = DEFAULT_PENALTY
    prior_precision: float = DEFAULT_PRIOR_PRECISION
    batch_size: int | None = None
    standard_error: float | None = None

    def __post_init__(self) -> None:
        for name, least in (("images", 2), ("draws", 1), ("seed", 0), ("batch_size", 1)):
            value = getattr(self, name)
            if value is not None and not isinstance(value, Integral):
                raise WrongTypeError.of(name, expected="a whole number", got=value)
            if value is not None and int(value) < least:
                raise SettingError(
                    f"{name} is too small",
                    expected=f"at least {least}",
                    got=str(value),
                )
        for name in ("head_penalty", "prior_precision", "standard_error"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, Real):
                raise WrongTypeError.of(name, expected="a number", got=value)
            if value is not None and not 0 < float(value) < math.inf:
                raise SettingError(
                    f"{name} is unusable",
                    expected="a positive, finite number",
                    got=str(value),
                )
