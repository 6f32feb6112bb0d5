"""Per-image, per-filter squared gradients of a network at the price of one backward pass.

No weight needs a gradient: every convolution is intercepted as it is called, its backward asks
for the input's gradient only, and the squares are formed there. The network itself is not touched.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from task2vec.errors import SettingError
from task2vec.fisher.convolution import Geometry, squared_filter_gradients


class PerImageFisher:
    """Computes, for each image, the mean squared gradient over each convolution filter's weights.

    ``filters`` is n, the number of filters of all convolutions in the order of the network's
    modules; a filter's mean leaves its bias out.

    Raises `SettingError` for a network without 2-D convolutions, or in training mode (its batch
    statistics would mix the images).
    """

    def __init__(self, network: nn.Module) -> None:
        self._convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
        if not self._convolutions:
            raise SettingError(
                "This network cannot be a probe", expected="2-D convolutions", got="none"
            )
        if any(m.training for m in network.modules()):
            raise SettingError(
                "This network cannot be a probe as it is",
                expected="evaluation mode",
                got="training mode",
                remedy="Call .eval() on it first.",
            )
        self._network = network
        self._slots: dict[int, slice] = {}
        start = 0
        for convolution in self._convolutions:
            self._slots[id(convolution.weight)] = slice(start, start + convolution.out_channels)
            start += convolution.out_channels
        self.filters = start

    def __call__(
        self,
        images: Tensor,
        head: Callable[[Tensor], Tensor],
        cotangents: Callable[[Tensor], Tensor],
        *,
        passed: Callable[[int], None] | None = None,
    ) -> Tensor:
        """Return (N, n): for each image the squared gradients, summed over the cotangents.

        ``images`` is (N, 3, H, W), ``head`` maps the network's features to (N, C) logits, and
        ``cotangents`` maps the logits to the (R, N, C) gradients to send back. ``passed`` is told N
        after each of the R passes.

        Raises `SettingError` unless every convolution is used once, with the weight that it holds:
        the gradients of two uses would have to be added before squaring, and a weight made anew
        in each pass (weight standardisation, for one) is not the one that is counted.
        """
        squares = torch.zeros(len(images), self.filters, dtype=images.dtype, device=images.device)
        # Convolutions of frozen weights have nothing to differentiate: the anchor gives them so.
        anchor = torch.zeros((), dtype=images.dtype, device=images.device, requires_grad=True)
        interception = _Interception(self._slots, anchor, squares)
        with torch.enable_grad(), interception:
            logits = head(self._network(images.detach()))
        interception.check_complete()
        sent = cotangents(logits)
        for position, cotangent in enumerate(sent):
            torch.autograd.grad(
                logits,
                anchor,
                cotangent,
                retain_graph=position + 1 < len(sent),
                allow_unused=True,
            )
            if passed is not None:
                passed(len(images))
        return squares


class _Interception(TorchFunctionMode):
    """Replaces calls of conv2d on known weights by `_TrackedConvolution`, padding made explicit."""

    def __init__(self, slots: Mapping[int, slice], anchor: Tensor, squares: Tensor) -> None:
        super().__init__()
        self._slots = slots
        self._anchor = anchor
        self._squares = squares
        self._seen: set[int] = set()

    def check_complete(self) -> None:
        """Raise `SettingError` when a known weight was in no convolution of the pass."""
        if len(self._seen) < len(self._slots):
            raise SettingError(
                "This network cannot be a probe",
                expected="every convolution used once in a pass, with its own weight",
                got=f"{len(self._slots) - len(self._seen)} of {len(self._slots)} that are not",
            )

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is not torch.conv2d:
            return func(*args, **(kwargs or {}))
        return self._convolve(*args, **(kwargs or {}))

    def _convolve(
        self,
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | str = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
    ) -> Tensor:
        slot = self._slots.get(id(weight))
        if slot is None:
            return F.conv2d(input, weight, bias, stride, padding, dilation, groups)
        if id(weight) in self._seen:
            raise SettingError(
                "This network cannot be a probe",
                expected="every convolution used once in a pass",
                got="one that is used twice",
            )
        self._seen.add(id(weight))
        kernel = (weight.shape[2], weight.shape[3])
        geometry = Geometry(kernel, _pair(stride), _pair(dilation), groups)
        padded = F.pad(input, _explicit(padding, geometry))
        output: Tensor = _TrackedConvolution.apply(  # type: ignore[no-untyped-call]
            padded, self._anchor, weight, bias, geometry, self._squares[:, slot]
        )
        return output


class _TrackedConvolution(torch.autograd.Function):
    """A convolution whose backward adds the squared filter gradients to ``squares``."""

    @staticmethod
    def forward(
        ctx: Any,
        padded: Tensor,
        anchor: Tensor,  # noqa: ARG004 - gives autograd something to differentiate
        weight: Tensor,
        bias: Tensor | None,
        geometry: Geometry,
        squares: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(padded, weight)
        ctx.geometry, ctx.squares = geometry, squares
        return F.conv2d(
            padded, weight, bias, geometry.stride, 0, geometry.dilation, geometry.groups
        )

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        padded, weight = ctx.saved_tensors
        geometry: Geometry = ctx.geometry
        gradient = gradients[0].contiguous()
        weights_per_filter = weight[0].numel()
        ctx.squares += squared_filter_gradients(padded, gradient, geometry) / weights_per_filter
        input_gradient = None
        if ctx.needs_input_grad[0]:
            input_gradient = torch.ops.aten.convolution_backward(
                gradient,
                padded,
                weight,
                None,
                geometry.stride,
                (0, 0),
                geometry.dilation,
                False,
                (0, 0),
                geometry.groups,
                (True, False, False),
            )[0]
        return input_gradient, None, None, None, None, None


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    if isinstance(value, int):
        return (value, value)
    first, *rest = value
    return (first, rest[0] if rest else first)


def _explicit(padding: int | tuple[int, int] | str, geometry: Geometry) -> list[int]:
    """Return F.pad's (left, right, top, bottom); 'same' puts the odd pixel at the end."""
    if padding == "valid":
        return [0, 0, 0, 0]
    if padding == "same":
        height, width = (
            d * (k - 1) for d, k in zip(geometry.dilation, geometry.kernel, strict=True)
        )
        return [width // 2, width - width // 2, height // 2, height - height // 2]
    vertical, horizontal = _pair(padding)  # type: ignore[arg-type]
    return [horizontal, horizontal, vertical, vertical]
