"""Layers whose backward forms squared weight gradients instead of weight gradients."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from task2vec.fisher.layers.convolution import squared_filter_gradients
from task2vec.fisher.layers.geometry import Geometry
from task2vec.fisher.layers.products import Memo, squared_products


@dataclass(frozen=True, eq=False)
class Account:
    """Where one layer of one pass adds its squares.

    ``squares`` (N, units) is added to; ``factor`` () or (units,) multiplies what is added; ``memo``
    keeps what further passes over the same inputs need again.
    """

    squares: Tensor
    factor: Tensor
    memo: Memo = field(default_factory=list)

    def add(self, squares: Tensor) -> None:
        """Add the (N, units) squares of one backward pass."""
        self.squares.addcmul_(squares, self.factor)


class _Convolution(torch.autograd.Function):
    """The convolution of (N, C, H, W) inputs."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        anchor: Tensor,  # noqa: ARG004 - frozen weights give autograd nothing to differentiate
        weight: Tensor,
        bias: Tensor | None,
        geometry: Geometry,
        account: Account,
    ) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        ctx.geometry, ctx.account = geometry, account
        return geometry.convolve(inputs, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight = ctx.saved_tensors
        g: Geometry = ctx.geometry
        account: Account = ctx.account
        gradient = gradients[0]
        account.add(squared_filter_gradients(inputs, gradient, g, account.memo))
        below = None
        if ctx.needs_input_grad[0]:
            below, _, _ = g.backward(gradient, inputs, weight, wanted=(True, False, False))
        return below, None, None, None, None, None


class _Linear(torch.autograd.Function):
    """``inputs W^T + b``."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        anchor: Tensor,  # noqa: ARG004 - frozen weights give autograd nothing to differentiate
        weight: Tensor,
        bias: Tensor | None,
        account: Account,
    ) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        ctx.account = account
        return F.linear(inputs, weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        inputs, weight = ctx.saved_tensors
        account: Account = ctx.account
        images = len(account.squares)
        seen = inputs.reshape(images, -1, weight.shape[1])
        sent = gradients[0].reshape(images, -1, weight.shape[0])
        account.add(squared_products(seen, sent, account.memo))
        below = gradients[0] @ weight if ctx.needs_input_grad[0] else None
        return below, None, None, None, None


#: Of inputs, anchor, weight, bias, geometry and account: the anchor makes autograd visit it.
tracked_convolution: Callable[..., Tensor] = _Convolution.apply
#: Of inputs, whose first dimension is images times whatever, anchor, weight, bias and account.
tracked_linear: Callable[..., Tensor] = _Linear.apply
