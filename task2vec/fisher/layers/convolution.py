"""The squared weight gradients of a 2-D convolution: which way to take for which kind."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from task2vec.fisher.layers.dense import squared_dense
from task2vec.fisher.layers.geometry import Geometry
from task2vec.fisher.layers.products import Memo, squared_products

# Up to this kernel area the library's weight gradient, image by image, is the fastest on a CPU:
# 3 x 3 in 0.1 to 0.3 of the time of `_by_correlation`, 5 x 5 in 2 to 17 times (EfficientNet-Lite0).
_LIBRARY_AREA = 9


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


def squared_depthwise(padded: Tensor, gradients: Tensor, geometry: Geometry) -> Tensor:
    """Return (N, O) from padded inputs (N, C, H, W) and output gradients (N, O, H', W')."""
    # A correlation with a single number each is what the library is slow at: fifty times.
    if padded.is_cuda or gradients[0, 0].numel() == 1:
        return _by_position(padded, gradients, geometry)
    if geometry.area <= _LIBRARY_AREA and padded.dtype == torch.float32:
        return _by_library(padded, gradients, geometry)
    return _by_correlation(padded, gradients, geometry)


def _by_library(padded: Tensor, gradients: Tensor, geometry: Geometry) -> Tensor:
    """Let the library form the weight gradient of one image after the other."""
    geometry = replace(geometry, padding=(0, 0))
    weight = padded.new_empty(gradients.shape[1], 1, *geometry.kernel)
    rows = []
    for x, g in zip(torch.split(padded, 1), torch.split(gradients, 1), strict=True):
        _, formed, _ = geometry.backward(g, x, weight, wanted=(False, True, False))
        rows.append(formed.square().sum(dim=(1, 2, 3)))
    return torch.stack(rows)


def _by_correlation(padded: Tensor, gradients: Tensor, geometry: Geometry) -> Tensor:
    """Correlate each channel with its own output gradient: the result is the weight gradient.

    ``dw[a] = sum_t x[s t + d a] g[t]`` is itself a depthwise convolution of x with kernel g, stride
    and dilation exchanged. With the images folded into the channels one library call does it for
    the whole batch.
    """
    images, channels = padded.shape[:2]
    rows, columns = geometry.kernel
    formed = F.conv2d(
        padded.reshape(1, images * channels, *padded.shape[2:]),
        gradients.reshape(-1, 1, *gradients.shape[2:]),
        stride=geometry.dilation,
        dilation=geometry.stride,
        groups=images * channels,
    )
    # Where the stride left a rest of the input unseen, positions beyond the kernel come out too.
    squares = formed[0, :, :rows, :columns].square().sum(dim=(1, 2))
    return squares.reshape(images, -1)


def _by_position(padded: Tensor, gradients: Tensor, geometry: Geometry) -> Tensor:
    """Form the gradient of one kernel position after the other: few large calls for a device."""
    images, filters, height, width = gradients.shape
    sent = gradients.reshape(images, geometry.groups, -1, height, width)
    squares = sent.new_zeros(sent.shape[:3])
    for offset in geometry.offsets():
        seen = geometry.seen(padded, offset, (height, width))
        squares += (seen[:, :, None] * sent).sum(dim=(3, 4)).square_()
    return squares.reshape(images, filters)
