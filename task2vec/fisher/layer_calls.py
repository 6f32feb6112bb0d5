"""The calls by which a network applies its weights, read into one form, and batch norms folded.

``norm(w * x + b) = (s w) * x + (s (b - mean) + shift)`` with ``s = weight / sqrt(variance + eps)``
per filter: a batch norm with fixed statistics folds into the convolution before it. Passing over
every feature map once less, forwards and backwards, is a third of a pass of EfficientNet-Lite0.
What is differentiated is still w: by the chain rule its gradient is s times that of the folded
weight, so its squares are those of the folded weight times s^2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from task2vec.fisher.layers.geometry import Geometry, Pair


@dataclass(frozen=True, eq=False)
class WeightCall:
    """A weight applied to inputs: by a convolution of this geometry, or linearly where None."""

    inputs: Tensor
    weight: Tensor
    bias: Tensor | None
    geometry: Geometry | None


@dataclass(frozen=True, eq=False)
class NormCall:
    """A batch norm; without ``fixed`` it takes its statistics from the batch."""

    inputs: Tensor
    mean: Tensor | None
    variance: Tensor | None
    weight: Tensor | None
    bias: Tensor | None
    eps: float
    fixed: bool


def read_call(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> WeightCall | NormCall | None:
    """Return what a call of a torch function does, None for any other function."""
    reader = _READERS.get(func)
    return reader(*args, **kwargs) if reader is not None else None


def _convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair | str = 0,
    dilation: int | Pair = 1,
    groups: int = 1,
) -> WeightCall:
    kernel = (weight.shape[2], weight.shape[3])
    steps, spread = _pair(stride), _pair(dilation)
    if padding == "same":
        height, width = (d * (k - 1) for d, k in zip(spread, kernel, strict=True))
        # An odd pixel comes at the end; the rest is the convolution's own padding.
        if height % 2 or width % 2:
            input = F.pad(input, (0, width % 2, 0, height % 2))
        margin = (height // 2, width // 2)
    else:
        margin = (0, 0) if padding == "valid" else _pair(padding)
    geometry = Geometry(kernel, steps, margin, spread, groups)
    return WeightCall(input, weight, bias, geometry)


def _transposed(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Pair = 1,
    padding: int | Pair = 0,
    output_padding: int | Pair = 0,
    groups: int = 1,
    dilation: int | Pair = 1,
) -> WeightCall:
    geometry = Geometry(
        (weight.shape[2], weight.shape[3]),
        _pair(stride),
        _pair(padding),
        _pair(dilation),
        groups,
        transposed=True,
        output_padding=_pair(output_padding),
    )
    return WeightCall(input, weight, bias, geometry)


def _linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> WeightCall:
    return WeightCall(input, weight, bias, None)


def _batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,  # noqa: ARG001 - statistics that are fixed do not move
    eps: float = 1e-5,
) -> NormCall:
    return NormCall(input, running_mean, running_var, weight, bias, eps, fixed=not training)


_READERS: dict[Callable[..., Any], Callable[..., WeightCall | NormCall]] = {
    torch.conv2d: _convolution,
    torch.conv_transpose2d: _transposed,
    F.linear: _linear,
    F.batch_norm: _batch_norm,
}


def _pair(value: Any) -> Pair:
    if isinstance(value, int):
        return (value, value)
    first, *rest = value
    return (first, rest[0] if rest else first)


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
