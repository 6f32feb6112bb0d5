"""How the squares of each layer of a network are to be had: found out by watching it once.

A layer whose weight is applied once in a pass, to all images side by side, takes the fast path: its
call is intercepted. Every other layer (a weight used twice, or computed with before it is applied,
or a kind of call that is not known) takes the slow and always right path: autograd forms its
weight gradient, for one image at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from task2vec.errors import SettingError
from task2vec.fisher.layer_calls import Fold, NormCall, WeightCall, fold, read_call
from task2vec.fisher.units import Layer, find_layers


@dataclass(frozen=True, eq=False)
class Plan:
    """``fast`` layers are intercepted, ``slow`` ones left to autograd; others are never used.

    ``folds`` are by the identity of the convolution's weight; layers that do not count have them,
    too. ``rearranged`` are the weights of calls that hold the images in another arrangement than
    side by side, such as windows of them.
    """

    fast: tuple[Layer, ...]
    slow: tuple[Layer, ...]
    folds: dict[int, Fold]
    rearranged: tuple[Tensor, ...]


def make_plan(network: nn.Module, layers: tuple[Layer, ...], images: Tensor) -> Plan:
    """Watch a pass of a few (N, 3, H, W) images; ``layers`` are those that count.

    Raises `SettingError` for a network whose batch norms take their statistics from the batch.
    """
    watch = _Watch(find_layers(network), len(images))
    with torch.no_grad(), watch:
        network(images)
    once = {key for key, count in watch.uses.items() if count == 1} - watch.unknown
    fast = tuple(layer for layer in layers if id(layer.weight) in once)
    others = tuple(layer for layer in layers if id(layer.weight) not in once)
    return Plan(
        fast=fast,
        slow=_used(network, others, images[:1]),
        folds={key: found for key, found in watch.folds() if key in once},
        rearranged=tuple(watch.rearranged),
    )


@contextmanager
def differentiable(weights: Sequence[nn.Parameter]) -> Iterator[None]:
    """Let autograd differentiate some weights, and put things back."""
    frozen = [weight for weight in weights if not weight.requires_grad]
    for weight in frozen:
        weight.requires_grad_(True)
    try:
        yield
    finally:
        for weight in frozen:
            weight.requires_grad_(False)


def _used(network: nn.Module, layers: tuple[Layer, ...], images: Tensor) -> tuple[Layer, ...]:
    """Return those of the layers that the features depend on."""
    if not layers:
        return ()
    weights = [layer.weight for layer in layers]
    with torch.enable_grad(), differentiable(weights):
        features = network(images)
        if not features.requires_grad:
            return ()
        gradients = torch.autograd.grad(features.sum(), weights, allow_unused=True)
    return tuple(layer for layer, g in zip(layers, gradients, strict=True) if g is not None)


#: What asks a tensor for its form and not for its numbers.
_FORM = {
    torch.Tensor.shape.__get__,  # type: ignore[attr-defined]
    torch.Tensor.dtype.__get__,  # type: ignore[attr-defined]
    torch.Tensor.device.__get__,
    torch.Tensor.ndim.__get__,  # type: ignore[attr-defined]
    torch.Tensor.is_cuda.__get__,  # type: ignore[attr-defined]
    torch.Tensor.requires_grad.__get__,  # type: ignore[attr-defined]
    torch.Tensor.size,
    torch.Tensor.dim,
    torch.Tensor.numel,
}


def asks_for_form(func: Callable[..., Any]) -> bool:
    """Return whether a torch function sees no more of a tensor than its shape and kind."""
    return func in _FORM


def tensors_in(values: Any) -> Iterator[Tensor]:
    """Yield the tensors of a call's arguments, those in lists and dictionaries too."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, dict):
        for value in values.values():
            yield from tensors_in(value)
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from tensors_in(value)


@dataclass
class _Output:
    """A convolution's output, held so that its identity stays its own, and who took it."""

    tensor: Tensor
    call: WeightCall
    norm: NormCall | None = None
    takers: int = 0


class _Watch(TorchFunctionMode):
    def __init__(self, layers: tuple[Layer, ...], images: int) -> None:
        super().__init__()
        self._known = {id(layer.weight) for layer in layers}
        self._images = images
        self._outputs: dict[int, _Output] = {}
        self.uses: dict[int, int] = {}
        self.unknown: set[int] = set()
        self.rearranged: list[Tensor] = []

    def folds(self) -> Iterator[tuple[int, Fold]]:
        """Yield the convolutions whose output goes to one batch norm and nowhere else."""
        for output in self._outputs.values():
            if output.norm is not None and output.takers == 1:
                folded = fold(output.call, output.norm)
                if folded is not None:
                    yield id(output.call.weight), folded

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        call = read_call(func, args, given)
        if not asks_for_form(func):
            self._note_takers((args, given), call)
        result = func(*args, **given)
        if isinstance(call, WeightCall) and id(call.weight) in self._known:
            self._note_use(call, result)
        return result

    def _note_takers(self, given: Any, call: WeightCall | NormCall | None) -> None:
        for tensor in tensors_in(given):
            # A weight that is computed with, before or beside its layer's call.
            applied = isinstance(call, WeightCall) and tensor is call.weight
            if id(tensor) in self._known and not applied:
                self.unknown.add(id(tensor))
            output = self._outputs.get(id(tensor))
            if output is not None:
                output.takers += 1
                if isinstance(call, NormCall) and tensor is call.inputs:
                    output.norm = call
        if isinstance(call, NormCall) and not call.fixed:
            raise SettingError(
                "This network cannot be a probe",
                expected="batch norms with statistics of their own",
                got="one that takes them from the batch, which mixes the images",
            )

    def _note_use(self, call: WeightCall, result: Tensor) -> None:
        key = id(call.weight)
        self.uses[key] = self.uses.get(key, 0) + 1
        first = call.inputs.shape[0] if call.inputs.dim() > 1 else 0
        if call.geometry is not None:
            if call.inputs.dim() != 4 or first != self._images:
                self.unknown.add(key)
            self._outputs[id(result)] = _Output(result, call)
        elif first != self._images:
            self.rearranged.append(call.weight)
            if not first or first % self._images:
                self.unknown.add(key)
