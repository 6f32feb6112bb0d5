"""Batch norms with fixed statistics, folded into the convolution before them.

``norm(w * x + b) = (s w) * x + (s (b - mean) + shift)`` with ``s = weight / sqrt(variance + eps)``
per filter. Passing over every feature map once less, forwards and backwards, is a third of a pass
of EfficientNet-Lite0. What is differentiated is still w: by the chain rule its gradient is s times
that of the folded weight, so its squares are those of the folded weight times s^2.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from task2vec.fisher.layer_calls import NormCall, WeightCall


@dataclass(frozen=True, eq=False)
class Fold:
    """The weight and bias that stand for convolution and norm, and ``factor`` (O,), their s^2."""

    weight: Tensor
    bias: Tensor
    factor: Tensor


def fold(call: WeightCall, norm: NormCall) -> Fold | None:
    """Return the fold of a convolution and the norm that takes its output, if they have one."""
    if not norm.fixed or norm.mean is None or norm.variance is None or call.geometry is None:
        return None
    if call.geometry.transposed:
        return None  # its filters lie along another dimension; rare, and right without
    with torch.no_grad():
        scale = (norm.variance + norm.eps).rsqrt()
        if norm.weight is not None:
            scale = scale * norm.weight
        start = -norm.mean if call.bias is None else call.bias - norm.mean
        bias = scale * start if norm.bias is None else scale * start + norm.bias
        weight = call.weight * scale[:, None, None, None]
        return Fold(weight.contiguous(memory_format=torch.channels_last), bias, scale.square())
