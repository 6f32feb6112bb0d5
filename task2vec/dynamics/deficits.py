"""What can be wrong with the images, or the labels, that a network first sees.

The deficits of Achille, Rovere and Soatto (2019, arXiv 1711.08856): blur, as a cataract; images
upside down; labels under other names; noise in place of images.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from task2vec.errors import SettingError, UnknownNameError

#: From images (N, C, S, S), labels (N,) and the number of classes to what the network sees instead.
Transform = Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor]]

#: By how much `blur` makes images smaller before it makes them large again: 32 to 8 pixels.
_BLUR = 4
#: Of the permutation of labels and of the noise: the same in every run.
_SEED = 0


def blur(images: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Make images smaller by 4, by averages, and large again between them."""
    del classes
    size = images.shape[-2:]
    small = nn.functional.interpolate(
        images, size=[max(1, round(side / _BLUR)) for side in size], mode="area"
    )
    return nn.functional.interpolate(small, size=size, mode="bilinear"), labels


def flip(images: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Turn images upside down."""
    del classes
    return images.flip(-2), labels


def permute_labels(images: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Give every class the name of the next one."""
    return images, (labels + 1) % classes


def noise(images: Tensor, labels: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Put normal noise of the images' mean and spread in the place of each image."""
    del classes
    generator = torch.Generator().manual_seed(_SEED)
    drawn = torch.randn(images.shape, generator=generator)
    return images.mean() + images.std() * drawn.to(images), labels


DEFICITS: dict[str, Transform] = {
    "blur": blur,
    "flip": flip,
    "labels": permute_labels,
    "noise": noise,
}


@dataclass(frozen=True)
class Deficit:
    """A deficit from the epoch ``start`` until before the epoch ``end``, counted from 0.

    ``transform`` is the name of one of `DEFICITS`, or a function of one's own.

    Raises `UnknownNameError` for another name, `SettingError` for a window that ends before it
    starts.
    """

    transform: str | Transform
    end: int
    start: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.transform, str) and self.transform not in DEFICITS:
            raise UnknownNameError(
                f"No deficit is called {self.transform}",
                expected=", ".join(DEFICITS),
                got=self.transform,
            )
        if not 0 <= self.start <= self.end:
            raise SettingError(
                "The deficit has no time",
                expected="a start from 0 on, and an end that is not before it",
                got=f"epochs {self.start} to {self.end}",
            )

    @property
    def name(self) -> str:
        """How the deficit is called in tables."""
        return self.transform if isinstance(self.transform, str) else self.transform.__name__

    def seen(
        self, images: Tensor, labels: Tensor, classes: int, *, epoch: int
    ) -> tuple[Tensor, Tensor]:
        """Return the images and labels as they are seen in an epoch."""
        if not self.start <= epoch < self.end:
            return images, labels
        transform = DEFICITS[self.transform] if isinstance(self.transform, str) else self.transform
        return transform(images, labels, classes)
