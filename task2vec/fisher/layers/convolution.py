"""The squared weight gradients of a 2-D convolution: which way to take for which kind."""

import torch.nn.functional as F
from torch import Tensor

from task2vec.fisher.layers.dense import squared_dense
from task2vec.fisher.layers.depthwise import squared_depthwise
from task2vec.fisher.layers.geometry import Geometry
from task2vec.fisher.layers.products import Memo, squared_products


def squared_filter_gradients(
    inputs: Tensor, gradients: Tensor, geometry: Geometry, memo: Memo
) -> Tensor:
    """Return (N, O): for each image and filter, the sum of its squared weight gradients.

    ``inputs`` is the convolution's input (N, I, H, W), ``gradients`` (N, O, H', W') the gradient of
    some scalar with respect to its output.
    """
    if geometry.transposed:
        return squared_transposed(inputs, gradients, geometry)
    if geometry.kernel == (1, 1):
        return _pointwise(inputs, gradients, geometry, memo)
    if geometry.groups == inputs.shape[1]:
        return squared_depthwise(geometry.pad(inputs), gradients, geometry)
    if geometry.groups == 1:
        return squared_dense(geometry.pad(inputs), gradients, geometry, memo)
    # Groups are dense convolutions of their own, which the batch can hold side by side.
    alone = by_group(inputs, geometry.groups)
    squares = squared_dense(
        geometry.pad(alone), by_group(gradients, geometry.groups), geometry, memo
    )
    return squares.reshape(len(inputs), -1)


def by_group(maps: Tensor, groups: int) -> Tensor:
    """Return (N, C, H, W) maps as (N * groups, C / groups, H, W)."""
    return maps.reshape(-1, maps.shape[1] // groups, *maps.shape[2:])


def _pointwise(inputs: Tensor, gradients: Tensor, geometry: Geometry, memo: Memo) -> Tensor:
    positions = (gradients.shape[2], gradients.shape[3])
    seen = geometry.seen(geometry.pad(inputs), (0, 0), positions)
    seen, sent = by_group(seen, geometry.groups), by_group(gradients, geometry.groups)
    squares = squared_products(
        seen.flatten(2).transpose(1, 2), sent.flatten(2).transpose(1, 2), memo
    )
    return squares.reshape(len(inputs), -1)


def squared_transposed(inputs: Tensor, gradients: Tensor, geometry: Geometry) -> Tensor:
    """Return (N, O) from inputs (N, I, H, W) and output gradients (N, O, H', W').

    Input position t reaches the outputs ``s t + d a - padding``, so that the weight from channel i
    to filter o at kernel position a has the gradient ``sum_t x_i[t] g_o[s t + d a]``: what a
    convolution has whose *input* is g and whose output gradient is x. The squares are summed over
    i and a; with x as "input" of `squared_products` every (o, a) is a filter there.
    """
    images, channels, height, width = inputs.shape
    groups = geometry.groups
    (sy, sx), (dy, dx) = geometry.stride, geometry.dilation
    rows = sy * (height - 1) + dy * (geometry.kernel[0] - 1) + 1
    columns = sx * (width - 1) + dx * (geometry.kernel[1] - 1) + 1
    # Around the output, outputs were cropped away, whose gradient is 0; those that the output
    # padding added beyond them saw no input and are cropped here.
    top, left = geometry.padding
    bottom, right = rows - top - gradients.shape[2], columns - left - gradients.shape[3]
    whole = F.pad(gradients, (left, right, top, bottom))
    sent = F.unfold(
        whole.reshape(images * groups, -1, rows, columns),
        geometry.kernel,
        dilation=geometry.dilation,
        stride=geometry.stride,
    ).transpose(1, 2)
    seen = inputs.reshape(images * groups, channels // groups, -1).transpose(1, 2)
    squares = squared_products(seen, sent, [])
    return squares.reshape(images, -1, geometry.area).sum(dim=2)
