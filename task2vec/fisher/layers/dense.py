"""The squared weight gradients of a convolution whose filters see all channels."""

from collections.abc import Iterator

import torch
from torch import Tensor

from task2vec.fisher.layers.geometry import Geometry, Pair
from task2vec.fisher.layers.products import (
    Memo,
    direct_cost,
    gram_cost,
    squared_by_gram,
    squared_products,
)

# Unfolding multiplies the input by the kernel's area: this bounds what it takes at once.
_UNFOLD_BYTES = 4 * 2**20
# Gram matrices of padded inputs are added up in a core's second-level cache.
_GRAM_BYTES = 2**20
# An addition into a Gram matrix moves three numbers and computes nothing: measured, it costs as
# much as this many multiply-adds of a matrix product.
_ADDITION = 8


def shifted_gram_cost(padded: int, positions: int, channels: int, filters: int, area: int) -> int:
    """Return the multiply-adds of `_shifted_gram` and its quadratic forms, for one image.

    ``padded`` and ``positions`` count the positions of the padded input and of the output.
    """
    return padded**2 * channels + positions**2 * (_ADDITION * area + filters)


def squared_dense(padded: Tensor, gradients: Tensor, geometry: Geometry, memo: Memo) -> Tensor:
    """Return (N, O) from padded inputs (N, C, H, W) and output gradients (N, O, H', W')."""
    channels, filters = padded.shape[1], gradients.shape[1]
    positions = gradients.shape[2] * gradients.shape[3]
    weights = channels * geometry.area
    unfolded = min(direct_cost(positions, weights, filters), gram_cost(positions, weights, filters))
    around = padded.shape[2] * padded.shape[3]
    sent = gradients.flatten(2).transpose(1, 2)
    if shifted_gram_cost(around, positions, channels, filters, geometry.area) < unfolded:
        # One part after the other, each used while it is still in the cache.
        parts = iter(memo) if memo else _shifted_grams(padded, gradients, geometry, kept=memo)
        at_once = _grams_at_once(padded)
        return torch.cat(
            [
                squared_by_gram(gram, t)
                for gram, t in zip(parts, torch.split(sent, at_once), strict=True)
            ]
        )
    image_bytes = weights * positions * padded.element_size()
    chunk = max(1, _UNFOLD_BYTES // image_bytes)
    return torch.cat(
        [
            squared_products(_unfold(x, g, geometry), t, [])
            for x, g, t in zip(
                *(torch.split(part, chunk) for part in (padded, gradients, sent)), strict=True
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


def _grams_at_once(padded: Tensor) -> int:
    """Return how many images' Gram matrices are added up together."""
    if padded.is_cuda:
        return len(padded)
    positions = padded.shape[2] * padded.shape[3]
    return max(1, _GRAM_BYTES // (positions**2 * padded.element_size()))


def _shifted_grams(
    padded: Tensor, like: Tensor, geometry: Geometry, *, kept: Memo
) -> Iterator[Tensor]:
    """Yield and keep the Gram matrices (n, T, T) of the unfolded input without unfolding it.

    Position t of kernel position a sees the padded input at ``s t + d a``, so that
    ``K[t, t'] = sum_a K1[s t + d a, s t' + d a]``, K1 the Gram matrix of the padded input's own
    positions: a kernel's area times fewer products, and as many additions of slices.
    """
    images, channels, rows, columns = padded.shape
    positions = (like.shape[2], like.shape[3])
    flat = padded.permute(0, 2, 3, 1).reshape(images, rows * columns, channels)
    add_up = _in_runs if geometry.stride == (1, 1) else _in_windows
    for some in torch.split(flat, _grams_at_once(padded)):
        own = torch.bmm(some, some.transpose(1, 2))
        gram = add_up(own, (rows, columns), positions, geometry)
        kept.append(gram)
        yield gram


def _in_windows(own: Tensor, padded: Pair, positions: Pair, geometry: Geometry) -> Tensor:
    """Add up the slices of K1 (N, P, P), a window of positions against a window."""
    K1 = own.view(len(own), *padded, *padded)
    gram = own.new_zeros(len(own), *positions, *positions)
    for offset in geometry.offsets():
        first = geometry.seen(K1.movedim((1, 2), (3, 4)), offset, positions)
        gram += geometry.seen(first.movedim((3, 4), (1, 2)), offset, positions)
    count = positions[0] * positions[1]
    return gram.view(-1, count, count)


def _in_runs(own: Tensor, padded: Pair, positions: Pair, geometry: Geometry) -> Tensor:
    """Add up the slices of K1 (N, P, P) where the stride is 1.

    With rows of the padded input's length, all positions of a kernel position are one run, which
    is added faster than many short ones; what lies between the rows is cut out in the end.
    """
    (height, width), columns = positions, padded[1]
    length = (height - 1) * columns + width
    whole = own.new_empty(len(own), height * columns, height * columns)
    gram = whole[:, :length, :length]
    for y, x in geometry.offsets():
        start = y * geometry.dilation[0] * columns + x * geometry.dilation[1]
        run = own[:, start : start + length, start : start + length]
        gram.add_(run) if start else gram.copy_(run)
    rows = whole.view(len(own), height, columns, height, columns)
    return rows[:, :, :width, :, :width].reshape(len(own), height * width, -1)
