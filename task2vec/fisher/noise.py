"""Gaussian noise on the weights of a network, and the nats that it leaves in them."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.fisher.units import Layer, find_layers

Vector = NDArray[np.float64]
Numbers = NDArray[np.int64]


class NoisyCopy:
    """A copy of a network that can be given noise, so that the network itself never changes.

    A variance belongs to each unit (a filter of a convolution: see `task2vec.fisher.units`), or to
    each weight (``per_weight``), in the order of the network's modules; there are n of them.
    ``sizes`` (n,) counts the weights that share a variance, ``layer`` (n,) is the position of their
    layer among the L ``layers``, which are names. ``power`` (L,) is the mean of the squared weights
    of each layer.

    Raises `SettingError` for a network without convolutions and linear layers.
    """

    def __init__(self, network: nn.Module, *, per_weight: bool = False) -> None:
        self.network = deepcopy(network).requires_grad_(False)
        self._layers = find_layers(self.network)
        self._per_weight = per_weight
        self.layers = tuple(layer.name for layer in self._layers)
        self.weights = [layer.weight for layer in self._layers]
        self._original = [weight.detach().clone() for weight in self.weights]
        each = [1 if per_weight else layer.weights_per_unit for layer in self._layers]
        counts = [w.numel() // size for w, size in zip(self.weights, each, strict=True)]
        self.layer: Numbers = np.repeat(np.arange(len(counts)), counts)
        self.sizes: Numbers = np.repeat(np.array(each), counts)
        self._bounds = np.cumsum(counts)[:-1]
        self.power: Vector = np.array([float(w.double().square().mean()) for w in self._original])

    def draw(self, generator: torch.Generator) -> list[Tensor]:
        """Return standard normal numbers in the shape of each layer's weights."""
        return [
            torch.randn(w.shape, generator=generator, dtype=w.dtype).to(w.device)
            for w in self._original
        ]

    def scaled(self, noise: list[Tensor], variance: Vector) -> list[Tensor]:
        """Return standard normal ``noise`` with the variances (n,)."""
        parts = np.split(np.sqrt(variance), self._bounds)
        return [
            self._spread(torch.from_numpy(part).to(e), layer) * e
            for part, layer, e in zip(parts, self._layers, noise, strict=True)
        ]

    def _spread(self, part: Tensor, layer: Layer) -> Tensor:
        """Return a number for each unit, or weight, of a layer in a shape that fits its weight."""
        shape = layer.weight.shape
        if self._per_weight:
            return part.reshape(shape)
        if not layer.transposed:
            return part.reshape(-1, *[1] * (len(shape) - 1))
        # (I, O / groups, ...): the inputs of a group share its channels.
        by_group = part.reshape(layer.groups, 1, shape[1])
        whole = by_group.expand(-1, shape[0] // layer.groups, -1)
        return whole.reshape(*shape[:2], *[1] * (len(shape) - 2))

    @contextmanager
    def shifted(self, by: list[Tensor], *, sign: int = 1) -> Iterator[nn.Module]:
        """Give the copy the weights w0 + sign * by within the block, and w0 bit by bit after it."""
        try:
            with torch.no_grad():
                for weight, original, shift in zip(self.weights, self._original, by, strict=True):
                    torch.add(original, shift, alpha=sign, out=weight)
            yield self.network
        finally:
            with torch.no_grad():
                for weight, original in zip(self.weights, self._original, strict=True):
                    weight.copy_(original)


def nats_of_noise(precision: Vector, *, prior: Vector, sizes: Numbers) -> Vector:
    """Return KL(N(w0, Lambda^-1) || N(w0, lambda^-2)) of each element (n,), in nats.

    ``precision`` and ``prior`` (n,) are Lambda and lambda^2, ``sizes`` (n,) counts the weights that
    share them: ``d/2 (x - 1 - log x)``, x = lambda^2/Lambda. It is 0 where the noise is the
    prior's, that is where the task does not care for the weight.

    The divergence from N(0, lambda^-2) is this plus `nats_of_place`.
    """
    excess = prior / precision - 1
    nats: Vector = sizes / 2 * (excess - np.log1p(excess))
    return nats


def nats_of_place(power: Vector, *, prior: Vector, counts: Numbers) -> Vector:
    """Return ``1/2 lambda^2 |w0|^2`` of each layer (L,), in nats: what the weights' place costs.

    ``power`` (L,) is the mean square of a layer's weights, ``prior`` (L,) lambda^2, ``counts`` (L,)
    the number of weights. It depends on the probe and the prior, not on the task or on beta: with
    ``lambda^-2 = power`` it is half a nat a weight.
    """
    nats: Vector = counts * prior * power / 2
    return nats
