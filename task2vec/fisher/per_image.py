"""Per-image, per-unit squared gradients of a network at the price of one backward pass.

No weight needs a gradient: every layer is intercepted as it is called, its backward asks for the
input's gradient only, and the squares are formed there. The network itself is not touched.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from threading import RLock

import torch
from torch import Tensor, nn

from task2vec.errors import SettingError
from task2vec.fisher.interception import Interception, UnplannedError, anchor_for
from task2vec.fisher.layer_plan import Plan, differentiable, make_plan
from task2vec.fisher.units import find_layers
from task2vec.types import CountedLayers

Map = Callable[[Tensor], Tensor]

# How far the squares of an image may be from those that it has alone, relative to the layer's
# largest; and by how much the image that is alone differs, in units of rounding.
_MIXED = 1e-3
_MOVED = 4.0


class PerImageFisher:
    """Computes, for each image, the mean squared gradient over the weights of each unit.

    ``layers`` are those ``counted``, of them ``only`` those whose weight is accepted; ``filters``
    is n, the number of their units, in the order of the network's modules: see
    `task2vec.fisher.units`. ``slow_layers`` names those that take the
    slow path, one image at a time; it is known after the first call.
    What the first call prepares holds for the weights of then: make another for other weights.
    Several threads may call it at once.

    Raises `SettingError` for a network without such layers, or in training mode (its batch
    statistics would mix the images).
    """

    def __init__(
        self,
        network: nn.Module,
        counted: CountedLayers = CountedLayers.ALL,
        *,
        only: Callable[[nn.Parameter], bool] | None = None,
    ) -> None:
        self.layers = find_layers(network, counted, only=only)
        if any(m.training for m in network.modules()):
            raise SettingError(
                "This network cannot be a probe as it is",
                expected="evaluation mode",
                got="training mode",
                remedy="Call .eval() on it first.",
            )
        self._network = network
        self._plan: Plan | None = None
        self._alone = False
        self._lock = RLock()
        self.filters = self.layers[-1].elements.stop

    @property
    def slow_layers(self) -> tuple[str, ...]:
        """The layers that autograd differentiates image by image."""
        return tuple(layer.name for layer in self._plan.slow) if self._plan else ()

    @property
    def image_by_image(self) -> bool:
        """Whether the images go through the network one at a time."""
        return self._alone or bool(self.slow_layers)

    def __call__(
        self,
        images: Tensor,
        head: Map,
        cotangents: Map,
        *,
        passed: Callable[[int], None] | None = None,
    ) -> Tensor:
        """Return (N, n): for each image the squared gradients, summed over the cotangents.

        ``images`` is (N, ...), as the network takes them, ``head`` maps the network's features to
        (N, C) logits, and ``cotangents`` the logits to the gradients to send back. ``passed`` is
        told, after each of the R passes, of how many images it was.

        Raises `SettingError` for a network that does not treat its images one by one.
        """
        images = images.detach()
        if images.ndim == 4:
            images = images.contiguous(memory_format=torch.channels_last)
        try:
            self.prepare(images)
            return self._squares(images, head, cotangents, passed)
        except UnplannedError:
            pass
        # It does something else with these images: no folds, and again.
        self._plan = replace(make_plan(self._network, self.layers, images), folds={})
        try:
            return self._squares(images, head, cotangents, passed)
        except UnplannedError as error:
            raise SettingError(
                "This network cannot be a probe",
                expected="the same layers in every pass",
                got="others each time",
            ) from error

    def _squares(
        self, images: Tensor, head: Map, cotangents: Map, passed: Callable[[int], None] | None
    ) -> Tensor:
        if not self.image_by_image:
            return self._run(images, head, cotangents, passed)
        # The labels are drawn for the batch as a whole.
        with torch.no_grad():
            logits = torch.cat([head(self._network(image)) for image in torch.split(images, 1)])
        sent = cotangents(logits)
        return self._one_by_one(images, head, sent, passed)

    def _one_by_one(
        self, images: Tensor, head: Map, sent: Tensor, passed: Callable[[int], None] | None
    ) -> Tensor:
        alone = [
            self._run(image, head, lambda _, own=own: own, passed)  # type: ignore[misc]
            for image, own in zip(torch.split(images, 1), torch.split(sent, 1, dim=1), strict=True)
        ]
        return torch.cat(alone)

    def prepare(self, images: Tensor) -> None:
        """Find out how this network's squares are to be had, on noise of the images' form.

        The first call does it where nobody has. Raises as that does.
        """
        with self._lock:
            if self._plan is not None:
                return
            pair = _noise(2, *images.shape[1:], seed=0, like=images)
            self._plan = make_plan(self._network, self.layers, pair)
            if self._plan.rearranged and not self._plan.slow:
                self._alone = not self._keeps_apart(pair)

    def _keeps_apart(self, pair: Tensor) -> bool:
        """Return whether two images side by side have the squares that each has alone.

        A layer that holds parts of images side by side (windows of attention) is taken to hold
        those of one image together, in the order of the images. This compares every layer's
        squares with those of the images alone. False where they cannot be told from rounding.
        """
        assert self._plan is not None

        def flat(features: Tensor) -> Tensor:
            return features.flatten(1)

        with torch.no_grad():
            shape = flat(self._network(pair)).shape
        # Random, because some cotangents vanish: behind a layer norm, one that is constant does.
        sent = _noise(1, *shape, seed=1, like=pair)
        together = self._run(pair, flat, lambda _: sent, None)
        # Moved by some units of rounding, squares stay what they are unless they are rounding.
        step = _MOVED * torch.finfo(pair.dtype).eps
        moved = pair + step * _noise(*pair.shape, seed=2, like=pair)
        apart = self._one_by_one(moved, flat, sent, None)
        rearranged = {id(weight) for weight in self._plan.rearranged}
        for layer in self._plan.fast:
            largest = apart[:, layer.elements].amax(dim=1)
            gap = (together - apart)[:, layer.elements].abs().amax(dim=1)
            if not (gap <= _MIXED * largest).all():
                return False
            # A layer side by side may be one that the features do not depend on.
            if id(layer.weight) in rearranged and not (largest > 0).all():
                return False
        return True

    def _run(
        self,
        images: Tensor,
        head: Map,
        cotangents: Map,
        passed: Callable[[int], None] | None,
    ) -> Tensor:
        plan = self._plan
        assert plan is not None
        squares = torch.zeros(len(images), self.filters, dtype=images.dtype, device=images.device)
        anchor = anchor_for(images)
        interception = Interception(plan, anchor, squares)
        weights = [layer.weight for layer in plan.slow]
        # Whether a weight is differentiated is known to the network, which threads share.
        one_at_a_time = self._lock if weights else nullcontext()
        with one_at_a_time, differentiable(weights):
            with torch.enable_grad(), interception:
                logits = head(self._network(images))
            interception.check_complete()
            if not logits.requires_grad:
                return squares  # nothing that the logits depend on has units
            sent = cotangents(logits)
            for position, cotangent in enumerate(sent):
                _, *gradients = torch.autograd.grad(
                    logits,
                    [anchor, *weights],
                    cotangent,
                    retain_graph=position + 1 < len(sent),
                    allow_unused=True,
                )
                for layer, gradient in zip(plan.slow, gradients, strict=True):
                    if gradient is not None:
                        formed = layer.squares_per_unit(gradient) / layer.weights_per_unit
                        squares[0, layer.elements] += formed
                if passed is not None:
                    passed(len(images))
        return squares


def _noise(*shape: int, seed: int, like: Tensor) -> Tensor:
    """Return standard normal values, the same on every device."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=like.dtype).to(like.device)
