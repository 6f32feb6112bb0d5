"""Training a network from scratch, epoch by epoch, while something may be wrong with its images."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from task2vec.dynamics.deficits import Deficit
from task2vec.dynamics.networks import build_network
from task2vec.dynamics.trace import at_rest
from task2vec.errors import SettingError


@dataclass(frozen=True, kw_only=True)
class ScratchSettings:
    """How a network is trained from random weights, by stochastic gradient descent.

    ``network`` and ``norm`` as in `build_network`. The learning ``rate`` is multiplied by ``decay``
    after each epoch: 1 keeps it. ``shift`` moves each batch by up to so many pixels at random;
    nothing is flipped, since letters and digits are not symmetric.

    Raises `SettingError` out of range.
    """

    network: str = "all-cnn"
    norm: bool = True
    batch: int = 64
    rate: float = 0.05
    decay: float = 0.97
    momentum: float = 0.9
    weight_decay: float = 1e-3
    shift: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        fits = (
            self.batch >= 1,
            self.rate > 0,
            0 < self.decay <= 1,
            0 <= self.momentum < 1,
            self.weight_decay >= 0,
            self.shift >= 0,
            self.seed >= 0,
        )
        if not all(fits):
            raise SettingError(
                "The training cannot be carried out",
                expected="batch >= 1, rate > 0, 0 < decay <= 1, 0 <= momentum < 1, and weight "
                "decay, shift and seed >= 0",
                got=str(self),
            )


@dataclass(frozen=True, eq=False)
class Images:
    """Images (N, C, S, S), floating numbers, with their labels (N,)."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.images)


class ScratchTraining:
    """A network in training on images with ``classes`` classes.

    The same seed gives the same weights, order of images and shifts, whatever the deficit: runs
    with and without one are pairs. ``state`` and ``restore`` let a run go on later, or branch.
    """

    def __init__(
        self,
        data: Images,
        *,
        classes: int,
        settings: ScratchSettings,
        deficit: Deficit | None = None,
    ) -> None:
        self._data, self._classes, self._settings = data, classes, settings
        self._deficit = deficit
        network = build_network(
            settings.network,
            channels=data.images.shape[1],
            classes=classes,
            norm=settings.norm,
            seed=settings.seed,
        )
        # Twice as fast on a processor.
        self.network: nn.Module = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimiser = torch.optim.SGD(
            self.network.parameters(),
            lr=settings.rate,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
        )
        self._generator = torch.Generator().manual_seed(settings.seed)
        self.epoch = 0

    def run_epoch(self, after_step: Callable[[], None] | None = None) -> None:
        """Go once over the images in random order; ``after_step`` is called after each batch."""
        images, labels = self._data.images, self._data.labels
        if self._deficit is not None:
            images, labels = self._deficit.seen(images, labels, self._classes, epoch=self.epoch)
        for group in self._optimiser.param_groups:
            group["lr"] = self._settings.rate * self._settings.decay**self.epoch
        self.network.train()
        order = torch.randperm(len(images), generator=self._generator)
        for rows in torch.split(order, self._settings.batch):
            # Statistics of a batch of one image have no spread.
            if len(rows) == 1 and len(images) > 1:
                continue
            logits = self.network(self._shifted(images[rows]))
            loss = nn.functional.cross_entropy(logits, labels[rows])
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
            if after_step is not None:
                after_step()
        self.epoch += 1

    def accuracy(self, data: Images) -> float:
        """Return the share of images that the network tells right, without a deficit."""
        with torch.no_grad(), at_rest(self.network) as network:
            right = [
                (network(images).argmax(dim=1) == labels).sum()
                for images, labels in zip(
                    torch.split(data.images, 256), torch.split(data.labels, 256), strict=True
                )
            ]
        return float(torch.stack(right).sum() / len(data))

    def state(self) -> dict[str, Any]:
        """Return all that `restore` needs to go on from here."""
        return deepcopy(
            {
                "network": self.network.state_dict(),
                "optimiser": self._optimiser.state_dict(),
                "generator": self._generator.get_state(),
                "epoch": self.epoch,
            }
        )

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go back, or on, to a `state`."""
        state = deepcopy(dict(state))
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._generator.set_state(state["generator"])
        self.epoch = state["epoch"]

    def _shifted(self, images: Tensor) -> Tensor:
        most = self._settings.shift
        if most == 0:
            return images
        padded = nn.functional.pad(images, [most] * 4, mode="replicate")
        size, span = images.shape[-1], 2 * most + 1
        # One shift for the whole batch costs next to nothing.
        down, right = torch.randint(0, span, (2,), generator=self._generator).tolist()
        return padded[..., down : down + images.shape[-2], right : right + size]
