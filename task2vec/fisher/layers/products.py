"""Squared norms of the columns of many small matrix products, by the cheaper of two forms.

A filter o that sees K inputs at each of T positions has the weight gradient ``X^T g_o``, with X
(T, K) what it sees and g_o (T,) the gradient of its outputs. Its square summed over the weights is
``|X^T g_o|^2 = g_o^T (X X^T) g_o``: either the products of all filters are formed (O x K), or the
Gram matrix ``X X^T`` (T x T), which serves all filters and all gradients alike.
"""

import torch
from torch import Tensor

Memo = list[Tensor]
"""Gram matrices of a layer's inputs, kept for other gradients of the same; empty at first."""

# What is formed at once stays in a core's second-level cache, and is small on any device.
_FORMED_BYTES = 1 << 20


def direct_cost(positions: int, weights: int, filters: int) -> int:
    """Return the multiply-adds of forming the products of an image."""
    return positions * weights * filters


def gram_cost(positions: int, weights: int, filters: int) -> int:
    """Return the multiply-adds of an image's Gram matrix and of its quadratic forms."""
    return positions**2 * (weights + filters)


def squared_products(inputs: Tensor, gradients: Tensor, memo: Memo) -> Tensor:
    """Return (N, O), ``|X^T g_o|^2`` for each image and filter.

    ``inputs`` is (N, T, K), ``gradients`` (N, T, O).
    """
    _, positions, weights = inputs.shape
    if not gram_is_cheaper(positions, weights, gradients.shape[2]):
        return squared_by_products(inputs, gradients)
    if not memo:
        memo.append(torch.bmm(inputs, inputs.transpose(1, 2)))
    return squared_by_gram(memo[0], gradients)


def gram_is_cheaper(positions: int, weights: int, filters: int) -> bool:
    """Return whether an image's Gram matrix takes fewer multiply-adds than its products."""
    return gram_cost(positions, weights, filters) < direct_cost(positions, weights, filters)


def squared_by_products(inputs: Tensor, gradients: Tensor) -> Tensor:
    """Return (N, O) by forming all products, a few images at a time."""
    images, _, weights = inputs.shape
    filters = gradients.shape[2]
    at_once = max(1, _FORMED_BYTES // (weights * filters * inputs.element_size()))
    if inputs.is_cuda:
        at_once *= 256  # a device's calls are dear, and its memory is near
    turned = gradients.transpose(1, 2)
    return torch.cat(
        [
            torch.linalg.vector_norm(
                torch.bmm(turned[first : first + at_once], inputs[first : first + at_once]), dim=2
            ).square_()
            for first in range(0, images, at_once)
        ]
    )


def squared_by_gram(gram: Tensor, gradients: Tensor) -> Tensor:
    """Return (N, O), the quadratic forms of (N, T, T) Gram matrices at (N, T, O) gradients."""
    squares = torch.bmm(gram, gradients).mul_(gradients).sum(dim=1)
    # Rounding can leave a tiny negative number where the true square is 0.
    return squares.clamp_(min=0)
