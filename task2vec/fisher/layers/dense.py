"""The squared weight gradients of a convolution whose filters see all channels."""

import torch
from torch import Tensor

from task2vec.fisher.layers.geometry import Geometry
from task2vec.fisher.layers.products import (
    direct_cost,
    gram_cost,
    squared_by_gram,
    squared_products,
)

# Unfolding multiplies the input by the kernel's area: this bounds what it takes at once.
_UNFOLD_BYTES = 4 * 2**20
# An addition into a Gram matrix moves three numbers and computes nothing: measured, it costs as
# much as so many multiply-adds of a matrix product.
_ADDITION = 8


def shifted_gram_cost(padded: int, positions: int, channels: int, filters: int, area: int) -> int:
    """Return the multiply-adds of `_shifted_gram` and its quadratic forms, for one image.

    ``padded`` and ``positions`` count the positions of the padded input and of the output.
    """
    return padded**2 * channels + positions**2 * (_ADDITION * area + filters)


def squared_dense(
    padded: Tensor, gradients: Tensor, geometry: Geometry, memo: dict[str, Tensor]
) -> Tensor:
    """Return (N, O) from padded inputs (N, C, H, W) and output gradients (N, O, H', W')."""
    channels, filters = padded.shape[1], gradients.shape[1]
    positions = gradients.shape[2] * gradients.shape[3]
    weights = channels * geometry.area
    unfolded = min(direct_cost(positions, weights, filters), gram_cost(positions, weights, filters))
    around = padded.shape[2] * padded.shape[3]
    told = gradients.flatten(2).transpose(1, 2)
    if shifted_gram_cost(around, positions, channels, filters, geometry.area) < unfolded:
        if "gram" not in memo:
            memo["gram"] = _shifted_gram(padded, gradients, geometry)
        return squared_by_gram(memo["gram"], told)
    image_bytes = weights * positions * padded.element_size()
    chunk = max(1, _UNFOLD_BYTES // image_bytes)
    return torch.cat(
        [
            squared_products(_unfold(x, g, geometry), t, {})
            for x, g, t in zip(
                *(torch.split(part, chunk) for part in (padded, gradients, told)), strict=True
            )
        ]
    )


def _unfold(padded: Tensor, like: Tensor, geometry: Geometry) -> Tensor:
    """Return (N, T, K), what the kernel sees at each output position; channels come last in K."""
    images, channels = padded.shape[:2]
    height, width = like.shape[2], like.shape[3]
    # Channels last, so that what is copied lies together.
    maps = padded.permute(0, 2, 3, 1).contiguous()
    n, y, x, c = maps.stride()
    (sy, sx), (dy, dx) = geometry.stride, geometry.dilation
    windows = maps.as_strided(
        (images, height, width, *geometry.kernel, channels),
        (n, sy * y, sx * x, dy * y, dx * x, c),
    )
    return windows.reshape(images, height * width, -1)


def _shifted_gram(padded: Tensor, like: Tensor, geometry: Geometry) -> Tensor:
    """Return the Gram matrices (N, T, T) of the unfolded input without unfolding it.

    Position t of kernel position a sees the padded input at ``s t + d a``, so that
    ``K[t, t'] = sum_a K1[s t + d a, s t' + d a]``, K1 the Gram matrix of the padded input's own
    positions: a kernel's area times fewer products, and as many additions of slices.
    """
    images, _, rows, columns = padded.shape
    height, width = like.shape[2], like.shape[3]
    flat = padded.flatten(2)
    own = torch.bmm(flat.transpose(1, 2), flat).view(images, rows, columns, rows, columns)
    gram = own.new_zeros(images, height, width, height, width)
    for offset in geometry.offsets():
        first = geometry.seen(own.movedim((1, 2), (3, 4)), offset, (height, width))
        gram += geometry.seen(first.movedim((3, 4), (1, 2)), offset, (height, width))
    return gram.view(images, height * width, -1)
