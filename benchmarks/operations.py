"""How many multiply-adds the Fisher pass of an image takes at least, by counting.

The floor is a forward pass, a backward pass to the activations (not to the image itself), and for
each layer the cheapest known form of its squares: the products of all filters, or a Gram matrix of
what they see, unfolded or of the padded input with its slices added up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from task2vec.fisher.layers.products import direct_cost, gram_cost
from task2vec.fisher.units import find_layers
from task2vec.probe.probe import Probe
from task2vec.types import CountedLayers


def counted_filters(probe: Probe) -> NDArray[np.bool_]:
    """Return the mask (n,) of those that the probe's embeddings have elements for."""
    counted = {layer.name for layer in find_layers(probe.backbone, probe.card.layers)}
    every = find_layers(probe.backbone)
    sizes = [layer.elements.stop - layer.elements.start for layer in every]
    return np.repeat(np.array([layer.name in counted for layer in every]), sizes)


@dataclass(frozen=True)
class Operations:
    """Multiply-adds of one image: of plain forward and backward, and of the floor's parts."""

    plain: float
    activations: float
    squares: float

    @property
    def floor(self) -> float:
        """The floor as a share of plain forward and backward."""
        return (self.activations + self.squares) / self.plain


def count_operations(
    network: nn.Module, image: Tensor, counted: CountedLayers = CountedLayers.ALL
) -> Operations:
    """Count for one (1, 3, H, W) image; the head's are left out on both sides.

    Squares are those of the ``counted`` layers.
    """
    wanted = {layer.name for layer in find_layers(network, counted)}
    squares: list[float] = []
    weights: list[float] = []
    named = [(n, m) for n, m in network.named_modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    layers = [layer for _, layer in named]
    kept = {layer for name, layer in named if name in wanted}

    def note(layer: nn.Module, given: tuple[Tensor], output: Tensor) -> None:
        direct, cheapest = _forms(layer, given[0], output)
        weights.append(direct)
        squares.append(cheapest if layer in kept else 0)

    handles = [layer.register_forward_hook(note) for layer in layers]
    # Frozen weights, and a gradient from the first layer's output on.
    network.requires_grad_(False)
    handles.append(layers[0].register_forward_hook(lambda _m, _i, output: output.requires_grad_()))
    with FlopCounterMode(display=False) as counter:
        network(image).sum().backward()
    for handle in handles:
        handle.remove()
    # The counter takes the weight gradient of a grouped convolution for that of a dense one, so
    # that weight gradients are counted here: they are the products of all filters.
    activations = counter.get_total_flops() / 2
    return Operations(activations + sum(weights), activations, sum(squares))


def _forms(layer: nn.Module, inputs: Tensor, output: Tensor) -> tuple[float, float]:
    """Return the multiply-adds of the direct and of the cheapest form."""
    if isinstance(layer, nn.Linear):
        positions = inputs.numel() // layer.in_features
        sizes = (positions, layer.in_features, layer.out_features)
        return direct_cost(*sizes), min(direct_cost(*sizes), gram_cost(*sizes))
    assert isinstance(layer, nn.Conv2d)
    groups, area = layer.groups, layer.weight[0, 0].numel()
    channels, filters = layer.in_channels // groups, layer.out_channels // groups
    positions = output.shape[2] * output.shape[3]
    # What a kernel reaches of the input, with the zeros around it.
    padded = (inputs.shape[2] + layer.kernel_size[0] - 1) * (
        inputs.shape[3] + layer.kernel_size[1] - 1
    )
    shifted = padded**2 * channels + positions**2 * (area + filters)
    forms = (
        direct_cost(positions, channels * area, filters),
        gram_cost(positions, channels * area, filters),
        shifted,
    )
    return groups * forms[0], groups * min(forms)
