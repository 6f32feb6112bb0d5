"""The squared weight gradients of a convolution whose filters see one channel each."""

import torch
import torch.nn.functional as F
from torch import Tensor

from task2vec.fisher.layers.geometry import Geometry

# Up to this kernel area the library's weight gradient, image by image, is the fastest on a CPU:
# 3 x 3 in 0.1 to 0.3 of the time of `_by_correlation`, 5 x 5 in 2 to 17 times (EfficientNet-Lite0).
_LIBRARY_AREA = 9


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
    weight = padded.new_empty(gradients.shape[1], 1, *geometry.kernel)
    rows = []
    for x, g in zip(torch.split(padded, 1), torch.split(gradients, 1), strict=True):
        formed = torch.ops.aten.convolution_backward(
            g,
            x,
            weight,
            None,
            geometry.stride,
            (0, 0),
            geometry.dilation,
            False,
            (0, 0),
            geometry.groups,
            (False, True, False),
        )[1]
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
