"""What one forward pass of a starting model saw in the labelled images of a target."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import SettingError


@dataclass(frozen=True, eq=False)
class Seen:
    """All that a score may look at.

    ``features`` (N, D) are floats, ``labels`` (N,) int64 from 0 to ``classes`` - 1, of which some
    may be absent. ``source_logits`` (N, S) are what the classifier that the model was last trained
    with says of the images, and ``gradients`` (N, P) what each image would change in the weights
    (`research.scores.gradients`); None where they are not known. ``seed`` draws the folds of the
    linear probe and the first clusters. Raises `SettingError` for shapes that do not fit together,
    fewer than two images, and numbers that are not finite.
    """

    features: NDArray[np.floating]
    labels: NDArray[np.int64]
    classes: int
    source_logits: NDArray[np.floating] | None = None
    seed: int = 0
    gradients: NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        images = self._images()
        _check_numbers("features", self.features, images=images)
        if self.source_logits is not None:
            _check_numbers("source_logits", self.source_logits, images=images)
        if self.gradients is not None:
            _check_numbers("gradients", self.gradients, images=images)
        if self.seed < 0:
            raise SettingError("seed is too small", expected="at least 0", got=str(self.seed))

    def repeated(self) -> "Seen":
        """Return the images of classes with at least two, those that can be held out.

        An image alone in its class cannot be recognised once it is held out. Which images remain,
        in their order, depends on the labels alone; the classes are numbered anew. Raises
        `SettingError` where fewer than two classes remain.
        """
        counts = np.bincount(self.labels, minlength=self.classes)
        kept = np.flatnonzero(counts[self.labels] >= 2)
        usable = np.unique(self.labels[kept])
        if len(usable) < 2:
            raise SettingError(
                "No image can be held out",
                expected="at least two classes of at least two images",
                got=f"{len(usable)}",
                remedy="Add images, or use a score that holds none out, such as LogME.",
            )
        logits, gradients = self.source_logits, self.gradients
        return Seen(
            self.features[kept],
            np.searchsorted(usable, self.labels[kept]),
            classes=len(usable),
            source_logits=None if logits is None else logits[kept],
            seed=self.seed,
            gradients=None if gradients is None else gradients[kept],
        )

    def _images(self) -> int:
        labels = self.labels
        if labels.ndim != 1 or labels.dtype != np.int64 or len(labels) < 2:
            raise SettingError(
                "labels do not fit",
                expected="int64 of shape (N,), N at least 2",
                got=f"{labels.dtype} of shape {labels.shape}",
            )
        if self.classes < 2:
            raise SettingError("classes is too small", expected="at least 2", got=f"{self.classes}")
        if labels.min() < 0 or labels.max() >= self.classes:
            raise SettingError(
                "labels are out of range",
                expected=f"0 to {self.classes - 1}",
                got=f"{labels.min()} to {labels.max()}",
            )
        return len(labels)


def gradients_of(seen: Seen) -> NDArray[np.floating]:
    """Return the gradients; raises `SettingError` where they are not known."""
    if seen.gradients is None:
        raise SettingError(
            "This score needs what each image would change in the weights",
            expected="gradients",
            got="None",
            remedy="Use a score that looks at the features alone.",
        )
    return seen.gradients


def _check_numbers(name: str, numbers: NDArray[np.floating], *, images: int) -> None:
    shape = numbers.shape
    floating = np.issubdtype(numbers.dtype, np.floating)
    if not floating or len(shape) != 2 or shape[0] != images or shape[1] == 0:
        raise SettingError(
            f"{name} do not fit",
            expected=f"floats of shape ({images}, 1 or more)",
            got=f"{numbers.dtype} of shape {shape}",
        )
    if not np.isfinite(numbers).all():
        raise SettingError(
            f"{name} are not finite", remedy="Check the model's weights, or leave the model out."
        )
