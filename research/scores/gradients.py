"""Sketches of what each image would change in the weights of a network's last stage.

What a network computes from features z by a random classifier, ``a^T z`` with random signs a, has
a gradient by the weights for every image. Inner products of these gradients, averaged over a, are
the entries of the neural tangent kernel that all classes share when the classifier begins at
random. A gradient has a million numbers; its random projection keeps the inner products.

The gradient of a convolution is ``G X^T``, X (K, T) the unfolded input and G (O, T) the gradient
of the output. It is projected from both sides, ``P G X^T Q^T`` with random signs P (p, O) and
Q (q, K), which never forms it: its cost is that of two thin products. (Random signs: Achlioptas,
2003; from both sides: Choe et al., arXiv 2405.13954.)
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.errors import SettingError

#: Rows of P and of Q, and random classifiers: a sketch has the product of the three.
SIDE, CLASSIFIERS = 32, 4
_BATCH = 32


@dataclass(frozen=True, eq=False)
class _Layer:
    """A convolution with its projections: ``rows`` P (p, O) and ``columns`` Q (q, K)."""

    convolution: nn.Conv2d
    rows: Tensor
    columns: Tensor


def sketch_gradients(
    stage: nn.Module, inputs: Tensor, *, seed: int = 0, side: int = SIDE
) -> NDArray[np.float32]:
    """Return (N, P) sketches of the gradients of all convolutions' weights in a stage.

    ``inputs`` (N, C, h, w) are what the trunk says of the images, and the stage maps them to
    features (N, D) image by image, in evaluation mode. P is ``side`` squared times `CLASSIFIERS`.
    Inner products of sketches are unbiased estimates of those of gradients, averaged over the
    random classifiers, each of norm 1. The same seed projects all images of a model alike.

    Raises `SettingError` for a stage that mixes its images, without convolutions, or with
    convolutions whose gradient does not have the form above: transposed, or grouped but not
    depthwise.
    """
    if any(module.training for module in stage.modules()):
        raise SettingError("The stage mixes its images", expected="evaluation mode", got="training")
    generator = torch.Generator().manual_seed(seed)
    layers = [
        _layer(module, generator, side)
        for module in stage.modules()
        if isinstance(module, nn.Conv2d)
    ]
    if not layers:
        raise SettingError("The stage has no weights to sketch", expected="convolutions", got="0")
    classifiers: Tensor | None = None
    found = []
    for batch in torch.split(inputs, _BATCH):
        features, unfolded, outputs = _applied(stage, batch, layers)
        if classifiers is None:
            width = features.shape[1]
            classifiers = _signs(CLASSIFIERS, width, generator) / width**0.5
        parts = []
        for classifier in classifiers:
            total = (features @ classifier).sum()
            gradients = torch.autograd.grad(total, outputs, retain_graph=True)
            # Layers have signs of their own, so that the sum keeps the inner products, too.
            sketches = [
                _projected(layer, X, gradient.flatten(2))
                for layer, X, gradient in zip(layers, unfolded, gradients, strict=True)
            ]
            parts.append(torch.stack(sketches).sum(dim=0))
        found.append(torch.cat(parts, dim=1) / CLASSIFIERS**0.5)
    return torch.cat(found).numpy()


def _layer(convolution: nn.Conv2d, generator: torch.Generator, side: int) -> _Layer:
    of_depth = convolution.groups == convolution.in_channels == convolution.out_channels
    if (convolution.groups != 1 and not of_depth) or not isinstance(convolution.padding, tuple):
        raise SettingError(
            "The stage has a convolution of another kind",
            expected="dense or depthwise, with its padding in numbers",
            got=str(convolution),
        )
    weights_of_one = convolution.weight[0].numel()
    return _Layer(
        convolution,
        _signs(side, convolution.out_channels, generator) / side**0.5,
        _signs(side, weights_of_one, generator) / side**0.5,
    )


def _applied(
    stage: nn.Module, batch: Tensor, layers: list[_Layer]
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Run the stage; return the features, and each layer's unfolded inputs and outputs."""
    met: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def keep(module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        met[module] = (given[0].detach(), output)

    handles = [layer.convolution.register_forward_hook(keep) for layer in layers]
    try:
        with torch.enable_grad():
            features = stage(batch.detach().clone().requires_grad_(True))
    finally:
        for handle in handles:
            handle.remove()
    applied = [met[layer.convolution] for layer in layers]
    unfolded = [
        _unfolded(layer.convolution, inputs)
        for layer, (inputs, _) in zip(layers, applied, strict=True)
    ]
    return features, unfolded, [output for _, output in applied]


def _unfolded(own: nn.Conv2d, inputs: Tensor) -> Tensor:
    """Return (B, K, T) the unfolded inputs; of a depthwise convolution (B, C, k, T)."""
    # Read by `_layer`: numbers.
    padding: Any = own.padding
    X = F.unfold(inputs, own.kernel_size, dilation=own.dilation, padding=padding, stride=own.stride)
    return X if own.groups == 1 else X.view(len(X), own.groups, -1, X.shape[2])


def _projected(layer: _Layer, X: Tensor, G: Tensor) -> Tensor:
    """Return (B, p q) the gradients ``G X^T`` of a layer, projected from both sides."""
    if layer.convolution.groups == 1:
        sketch = (layer.rows @ G) @ (layer.columns @ X).transpose(1, 2)
    else:
        gradients = torch.einsum("bct,bckt->bck", G, X)
        sketch = layer.rows @ gradients @ layer.columns.T
    return sketch.flatten(1)


def _signs(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    return torch.randint(0, 2, (rows, columns), generator=generator) * 2.0 - 1
