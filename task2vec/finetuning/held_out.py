"""What models say of images that did not train them, and the epoch of which that is best."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.finetuning.result import Score
from task2vec.finetuning.resume import below
from task2vec.finetuning.temperature import fit_temperature


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Logits (N, C) of N images, with their labels (N,)."""

    logits: Tensor
    labels: NDArray[np.int64]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Which of the images (N,) are right."""
        return np.asarray(self.logits.argmax(dim=1).numpy() == self.labels)

    @property
    def score(self) -> Score:
        """Accuracy and mean cross-entropy, in nats, at the temperature that fits these images.

        Experts are calibrated in the end. As it is, the head of a linear probe on few images is too
        sure, and a network that was hardly trained would have the lesser loss for knowing nothing.
        """
        truth = torch.from_numpy(self.labels)
        temperature = fit_temperature(self.logits.numpy(), self.labels).value
        loss = nn.functional.cross_entropy(self.logits / temperature, truth).item()
        return Score(accuracy=float(self.correct.mean()), loss=loss)


_LOGITS, _EPOCH, _NETWORK = "best.logits", "best.epoch", "best.network."


class BestEpoch:
    """Compares epochs of training as they come, and keeps a copy of the best network.

    ``held_out`` are the best's answers on the validation images; None before the first epoch,
    whose number is 1.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.held_out: HeldOut | None = None
        self._network: Mapping[str, Tensor] = {}

    def consider(self, epoch: int, network: nn.Module, held_out: HeldOut) -> None:
        """Judge an epoch by its answers on the validation images."""
        if self.held_out is None or held_out.score.loss < self.held_out.score.loss:
            self.epoch, self.held_out = epoch, held_out
            self._network = deepcopy(network.state_dict())

    def is_over(self, epoch: int, patience: int) -> bool:
        """Whether the last ``patience`` epochs, up to ``epoch``, were no better than the best."""
        return epoch - self.epoch >= patience

    def fill(self, network: nn.Module) -> None:
        """Give a network the weights of the best epoch."""
        network.load_state_dict(dict(self._network))

    def state(self) -> dict[str, Tensor]:
        """Return all that `restore` needs after one epoch or more."""
        assert self.held_out is not None
        network = {f"{_NETWORK}{name}": value for name, value in self._network.items()}
        return {_LOGITS: self.held_out.logits, _EPOCH: torch.tensor(self.epoch), **network}

    def restore(self, state: Mapping[str, Tensor], labels: NDArray[np.int64]) -> None:
        """Go back to a `state`, among others; ``labels`` (V,) are of the validation images."""
        self.epoch = int(state[_EPOCH])
        self.held_out = HeldOut(state[_LOGITS], labels)
        self._network = below(_NETWORK, state)
