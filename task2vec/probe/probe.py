"""A loaded probe: frozen network with its preprocessing."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from task2vec.probe.card import ProbeCard
from task2vec.probe.weights import hash_weights

Pixels = NDArray[np.uint8]

_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True, eq=False)
class Probe:
    """A fixed network that maps (N, 3, S, S) images to (N, D) features, in evaluation mode.

    The network is frozen when the probe is made: it stays as it is, batch statistics included.
    """

    card: ProbeCard
    backbone: nn.Module
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        self.backbone.eval().requires_grad_(False)
        weights = hash_weights(self.backbone.state_dict())
        object.__setattr__(self, "fingerprint", self.card.fingerprint(weights))

    @property
    def name(self) -> str:
        """The card's name, with the options that make it another probe than the card's own."""
        return self.card.name + self.card.options

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.backbone.parameters()).device

    def preprocess(self, image: Image.Image) -> Pixels:
        """Return the (S, S, 3) pixels of an RGB image, resized as a whole."""
        size = self.card.preprocessing.input_size
        resampling = _FILTERS[self.card.preprocessing.interpolation]
        return np.asarray(image.resize((size, size), resampling, reducing_gap=3.0))

    def to_input(self, pixels: Sequence[Pixels]) -> Tensor:
        """Return the normalised (N, 3, S, S) float32 input of N preprocessed images.

        Its channels lie last in memory, as the pixels' do: a convolution is the faster for it, by
        a quarter for EfficientNet-Lite0 on a processor.
        """
        steps = self.card.preprocessing
        batch = torch.from_numpy(np.stack(pixels))
        if self.device.type == "cuda":
            # From pinned memory the copy goes on while the next batch is made ready.
            batch = batch.pin_memory()
        batch = batch.to(self.device, non_blocking=True)
        scaled = batch.permute(0, 3, 1, 2).to(torch.float32).div_(255)
        mean = scaled.new_tensor(steps.mean)[:, None, None]
        std = scaled.new_tensor(steps.std)[:, None, None]
        return scaled.sub_(mean).div_(std).contiguous(memory_format=torch.channels_last)

    def features(self, pixels: Sequence[Pixels], *, batch_size: int = 16) -> Tensor:
        """Return the (N, D) features of N >= 1 preprocessed images, ``batch_size`` at a time."""
        firsts = range(0, len(pixels), batch_size)
        with torch.inference_mode():
            batches = (self.to_input(pixels[first : first + batch_size]) for first in firsts)
            return torch.cat([self.backbone(batch) for batch in batches])
