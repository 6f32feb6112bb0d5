"""The squared weight gradient of one convolution, per image and filter, from one backward pass.

With unfolded input X (K x T: a filter's own weights by output positions) and output gradient G
(O x T), the gradient of filter o is ``X g_o``. Its square summed over the filter's weights is
``|X g_o|^2 = g_o^T (X^T X) g_o``, so that either ``G X^T`` (O x K) is formed, or the Gram matrix
``X^T X`` (T x T), whichever is the smaller work.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# Unfolding multiplies the input by the kernel's area: this bounds what it takes at once.
_UNFOLD_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Geometry:
    """The shape of a convolution, with padding already applied to its input."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    groups: int


def squared_filter_gradients(inputs: Tensor, gradients: Tensor, geometry: Geometry) -> Tensor:
    """Return (N, O): for each image and filter, the sum of its squared weight gradients.

    ``inputs`` is the padded input (N, I, H, W), ``gradients`` (N, O, H', W') the gradient of some
    scalar with respect to the convolution's output.
    """
    channels = inputs.shape[1]
    if geometry.groups == channels and geometry.kernel != (1, 1):
        return _depthwise(inputs, gradients, geometry)
    if geometry.kernel == (1, 1):
        return _products(_tap(inputs, (0, 0), gradients, geometry), gradients, geometry.groups)
    area = geometry.kernel[0] * geometry.kernel[1]
    positions = gradients.shape[2] * gradients.shape[3]
    image_bytes = channels * area * positions * inputs.element_size()
    chunk = max(1, _UNFOLD_BYTES // image_bytes)
    return torch.cat(
        [
            _products(
                F.unfold(x, geometry.kernel, dilation=geometry.dilation, stride=geometry.stride),
                g,
                geometry.groups,
            )
            for x, g in zip(torch.split(inputs, chunk), torch.split(gradients, chunk), strict=True)
        ]
    )


def _tap(inputs: Tensor, offset: tuple[int, int], like: Tensor, geometry: Geometry) -> Tensor:
    """Return the inputs that one kernel position sees at every output position."""
    (dy, dx), (sy, sx) = geometry.dilation, geometry.stride
    y, x = offset[0] * dy, offset[1] * dx
    height, width = like.shape[2], like.shape[3]
    return inputs[:, :, y : y + sy * (height - 1) + 1 : sy, x : x + sx * (width - 1) + 1 : sx]


def _products(inputs: Tensor, gradients: Tensor, groups: int) -> Tensor:
    """Return ``|X g_o|^2`` for every image and filter; groups are independent small products."""
    images, filters = gradients.shape[:2]
    G = gradients.reshape(images * groups, filters // groups, -1)
    X = inputs.reshape(images * groups, -1, G.shape[2])
    weights, positions = X.shape[1:]
    outputs = G.shape[1]
    if positions**2 * (weights + outputs) < outputs * weights * positions:
        gram = torch.bmm(X.transpose(1, 2), X)
        squares = torch.bmm(G, gram).mul_(G).sum(dim=2)
        # Rounding can leave a tiny negative number where the true square is 0.
        squares.clamp_(min=0)
    else:
        squares = torch.bmm(G, X.transpose(1, 2)).square_().sum(dim=2)
    return squares.reshape(images, filters)


def _depthwise(inputs: Tensor, gradients: Tensor, geometry: Geometry) -> Tensor:
    """Correlate each channel with its own output gradient: the result is the weight gradient.

    ``dw[a] = sum_t x[stride t + dilation a] g[t]`` is itself a depthwise convolution of x with
    kernel g, stride and dilation exchanged. With the images folded into the channels one library
    call does it for the whole batch.
    """
    images, channels = inputs.shape[:2]
    rows, columns = geometry.kernel
    weight_gradients = F.conv2d(
        inputs.reshape(1, images * channels, *inputs.shape[2:]),
        gradients.reshape(-1, 1, *gradients.shape[2:]),
        stride=geometry.dilation,
        dilation=geometry.stride,
        groups=images * channels,
    )
    # Where the stride left a rest of the input unseen, positions beyond the kernel come out too.
    squares = weight_gradients[0, :, :rows, :columns].square().sum(dim=(1, 2))
    return squares.reshape(images, -1)
