"""The squared weight gradients of a transposed convolution."""

import torch.nn.functional as F
from torch import Tensor

from task2vec.fisher.layers.geometry import Geometry
from task2vec.fisher.layers.products import squared_products


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
    told = F.unfold(
        whole.reshape(images * groups, -1, rows, columns),
        geometry.kernel,
        dilation=geometry.dilation,
        stride=geometry.stride,
    ).transpose(1, 2)
    seen = inputs.reshape(images * groups, channels // groups, -1).transpose(1, 2)
    squares = squared_products(seen, told, [])
    return squares.reshape(images, -1, geometry.area).sum(dim=2)
