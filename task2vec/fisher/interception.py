"""Carries out a plan: replaces the calls of a network's fast layers while it runs."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from task2vec.fisher.layer_calls import NormCall, WeightCall, read_call
from task2vec.fisher.layer_plan import Plan, asks_for_form, tensors_in
from task2vec.fisher.tracked import Account, tracked_convolution, tracked_linear


class UnplannedError(Exception):
    """The network did not do again what it did when it was watched."""


class Interception(TorchFunctionMode):
    """Runs the fast layers of a plan so that their backward adds to ``squares`` (N, n).

    Layers that do not count run as they are, but for the norms that are folded into them.

    Raises `UnplannedError` where the output of a folded convolution goes elsewhere than it did.
    """

    def __init__(self, plan: Plan, anchor: Tensor, squares: Tensor) -> None:
        super().__init__()
        self._plan = plan
        self._layers = {id(layer.weight): layer for layer in plan.fast}
        self._replaced = self._layers.keys() | plan.folds.keys()
        self._anchor = anchor
        self._squares = squares
        self._folded: list[Tensor] = []
        self._applied: set[int] = set()

    def check_complete(self) -> None:
        """Raise `UnplannedError` unless each layer that is replaced was used once."""
        if self._folded or len(self._applied) < len(self._replaced):
            raise UnplannedError

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        call = read_call(func, args, given)
        if self._folded and not asks_for_form(func):
            taken = self._take_folded((args, given), call)
            if taken is not None:
                return taken
        if isinstance(call, WeightCall) and id(call.weight) in self._replaced:
            return self._apply(call)
        return func(*args, **given)

    def _take_folded(self, given: Any, call: WeightCall | NormCall | None) -> Tensor | None:
        for tensor in tensors_in(given):
            if not any(tensor is output for output in self._folded):
                continue
            if not isinstance(call, NormCall) or tensor is not call.inputs:
                raise UnplannedError
            self._folded = [output for output in self._folded if output is not tensor]
            return tensor  # normalised already
        return None

    def _apply(self, call: WeightCall) -> Tensor:
        key = id(call.weight)
        if key in self._applied:
            raise UnplannedError
        self._applied.add(key)
        fold = self._plan.folds.get(key)
        layer = self._layers.get(key)
        if layer is None:
            assert fold is not None
            assert call.geometry is not None
            output = call.geometry.convolve(call.inputs, fold.weight, fold.bias)
            self._folded.append(output)
            return output
        share = self._squares.new_tensor(1 / layer.weights_per_unit)
        account = Account(
            self._squares[:, layer.elements], share if fold is None else share * fold.factor
        )
        if call.geometry is None:
            return tracked_linear(call.inputs, self._anchor, call.weight, call.bias, account)
        weight, bias = (call.weight, call.bias) if fold is None else (fold.weight, fold.bias)
        output = tracked_convolution(
            call.inputs, self._anchor, weight, bias, call.geometry, account
        )
        if fold is not None:
            self._folded.append(output)
        return output


def anchor_for(images: Tensor) -> Tensor:
    """Return a zero that needs a gradient: frozen layers have nothing else to differentiate."""
    return torch.zeros((), dtype=images.dtype, device=images.device, requires_grad=True)
