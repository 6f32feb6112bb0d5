"""Images in batches, as a probe's network takes them."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from task2vec.fisher.parallel_batches import batches_at_once, map_batches
from task2vec.probe.probe import Pixels, Probe

# Pixels of a batch. On a processor small batches are as fast as large ones, since activations
# then stay near its caches, and what a pass holds grows with the batch: 4 images of 224 pixels a
# side take 0.4 GB, 16 take 1.5 GB. A GPU wants more to do at once.
_ON_CPU = 4 * 224**2
_ELSEWHERE = 32 * 224**2
# Several batches are under way at once.
_SIDE_BY_SIDE = _ON_CPU * 2 // 3

_MOST = 128


def suitable_batch_size(probe: Probe) -> int:
    """Return how many images should go through at once, by the size of the probe's input."""
    pixels = _ON_CPU if probe.device.type == "cpu" else _ELSEWHERE
    if batches_at_once(probe.device) > 1:
        pixels = _SIDE_BY_SIDE
    side = probe.card.preprocessing.input_size
    return min(max(1, pixels // side**2), _MOST)


def batches(
    probe: Probe, images: Sequence[Pixels], *, batch_size: int | None = None
) -> Iterator[Tensor]:
    """Yield the inputs of all images, (B, 3, S, S), ``batch_size`` at a time, else as suits."""
    size = batch_size or suitable_batch_size(probe)
    for first in range(0, len(images), size):
        yield probe.to_input(images[first : first + size])


def features(
    probe: Probe, images: Sequence[Pixels], *, batch_size: int | None = None
) -> Iterator[Tensor]:
    """Yield the features (B, D) of all images, batch by batch."""

    def seen(inputs: Tensor) -> Tensor:
        with torch.inference_mode():
            features: Tensor = probe.backbone(inputs)
        return features

    # The images may lie in a file, which one thread reads.
    inputs = batches(probe, images, batch_size=batch_size)
    yield from map_batches(seen, inputs, at_once=batches_at_once(probe.device))
