"""Training of the last stage alone, on what the trunk said of each image once."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.finetuning.classify import Tick, unheard
from task2vec.finetuning.foreseen_work import VIEWS
from task2vec.finetuning.last_stage import split
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled
from task2vec.finetuning.training import Training, jitter
from task2vec.probe.probe import Pixels, Probe

Indices = NDArray[np.int64]

#: Bytes that all cached outputs of one trunk take at most. Those of EfficientNet-Lite0 at 128
#: pixels are 12 kB a view: all views of 17,000 images.
MOST_CACHED = 1 << 30
_BATCH = 32


class TrunkViews:
    """What the trunk says of images: in jittered views, for training, and as they are, for judging.

    Each is computed when it is first needed, and kept within ``most`` bytes: of many images there
    are fewer views than `VIEWS`, and where not one fits, the trunk looks at each batch whenever it
    is needed. The views depend on the seed and the images alone, so that a run that goes on has
    those of before.
    """

    def __init__(
        self,
        start: Probe,
        images: tuple[Pixels, ...],
        settings: FineTuningSettings,
        *,
        tick: Tick = unheard,
        most: int = MOST_CACHED,
    ) -> None:
        """Look at nothing yet."""
        self._start = start
        self._trunk, _ = split(start.backbone)
        self._images = images
        self._settings = settings
        self._tick = tick
        self._most = most

    @cached_property
    def count(self) -> int:
        """How many jittered views are kept; 0 where not even one fits."""
        # One part is for the images as they are.
        fit = self._most * VIEWS // (VIEWS + 1) // max(self._bytes, 1)
        # Without jitter all views are alike.
        return min(fit, VIEWS if self._settings.augmentation else 1)

    def look(self, *, train: bool, judge: bool) -> None:
        """Compute now what is kept to train on, or to judge by."""
        if train and self.count:
            _ = self._views
        if judge:
            _ = self._plain

    def looks(self, *, train: bool, judge: bool) -> int:
        """Return how many images go through the trunk in `look`."""
        return len(self._images) * (self.count * train + self._keeps_plain * judge)

    def jittered(self, chosen: Indices, *, epoch: int, generator: torch.Generator) -> Tensor:
        """Return the trunk's output on the images at these positions, in this epoch's view.

        ``generator`` jitters them where no view is kept.
        """
        if not self.count:
            return self._output([self._images[i] for i in chosen], generator)
        return self._views[epoch % self.count][chosen]

    def plain(self, chosen: Indices) -> Iterator[Tensor]:
        """Yield the trunk's output on the images at these positions as they are, in batches."""
        for first in range(0, len(chosen), _BATCH):
            batch = chosen[first : first + _BATCH]
            if self._plain is not None:
                yield self._plain[batch]
            else:
                yield self._output([self._images[i] for i in batch], None)

    @cached_property
    def _views(self) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self._settings.seed)
        return [self._all(generator) for _ in range(self.count)]

    @cached_property
    def _plain(self) -> Tensor | None:
        return self._all(None) if self._keeps_plain else None

    @property
    def _keeps_plain(self) -> bool:
        return self._bytes <= self._most // (VIEWS + 1)

    @cached_property
    def _bytes(self) -> int:
        """The size of the trunk's output on all images."""
        return len(self._images) * self._output(self._images[:1], None).nbytes

    def _all(self, generator: torch.Generator | None) -> Tensor:
        strength = self._settings.augmentation
        return seen(
            self._start, self._trunk, self._images, generator, strength=strength, tick=self._tick
        )

    def _output(self, images: Sequence[Pixels], generator: torch.Generator | None) -> Tensor:
        strength = self._settings.augmentation
        return seen(self._start, self._trunk, images, generator, strength=strength)


def seen(
    start: Probe,
    trunk: nn.Module,
    images: Sequence[Pixels],
    generator: torch.Generator | None,
    *,
    strength: float = 1.0,
    tick: Tick = unheard,
) -> Tensor:
    """Return what the trunk says of N images, (N, C, h, w), jittered where there is a generator."""
    outputs = []
    # Not in inference mode: the last stage keeps its inputs for the way back.
    with torch.no_grad():
        for first in range(0, len(images), _BATCH):
            batch = images[first : first + _BATCH]
            inputs = start.to_input(batch)
            if generator is not None:
                inputs = jitter(inputs, generator, strength=strength)
            outputs.append(trunk(inputs))
            tick(len(batch))
    return torch.cat(outputs)


class StageTraining(Training):
    """Training of the last stage and a classifier; the trunk stays as it was pretrained.

    A backward pass through the last stage alone and no forward pass through the trunk make a step
    several times as fast as one of all layers.
    """

    def __init__(
        self,
        start: Probe,
        data: Labelled[Pixels],
        *,
        classifier: nn.Linear,
        settings: FineTuningSettings,
        rate: float,
        views: TrunkViews | None = None,
        positions: Indices | None = None,
    ) -> None:
        """Start as `Training` does; ``data`` are at ``positions`` (N,) among those of ``views``."""
        super().__init__(start, data, classifier=classifier, settings=settings, rate=rate)
        self._views = views or TrunkViews(start, data.images, settings)
        self._positions = np.arange(len(data.images)) if positions is None else positions

    def trained_part(self) -> nn.Module:
        """Return the last stage of the copied backbone."""
        _, stage = split(self.backbone)
        return stage

    def inputs(self, chosen: Indices) -> Tensor:
        """Return what the trunk says of the images at these positions, in this epoch's view."""
        return self._views.jittered(
            self._positions[chosen], epoch=self.epoch, generator=self._generator
        )
