"""What a linear probe, or a short fine-tuning, found image by image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.recommend.prediction.intervals import wilson_interval
from task2vec.types.tuning import Recipe


@dataclass(frozen=True, eq=False)
class ProbeAccuracy:
    """``correct`` (N,) says which images were right when they were held out.

    ``error`` is the squared error of a ridge regression on the same features with each image left
    out, relative to that without features (`measure.ridge`); None where it was not measured.
    ``recipe`` is what a short fine-tuning chose, None of a linear probe.
    """

    correct: NDArray[np.bool_]
    error: float | None = None
    recipe: Recipe | None = None

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float(self.correct.mean())

    def interval(self, *, level: float) -> tuple[float, float]:
        """Return the interval of the accuracy; it leaves out that folds share training images."""
        return wilson_interval(int(self.correct.sum()), len(self.correct), level=level)
