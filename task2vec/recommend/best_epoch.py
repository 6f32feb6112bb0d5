"""The epoch with the least validation loss, the linear probe being epoch 0."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor, nn

from task2vec.recommend.held_out import HeldOut

_PREFIX = "best."


class BestEpoch:
    """Compares epochs as they come, and keeps a copy of the best network.

    ``held_out`` are the best's answers on the validation images; ``trained`` those of the best
    epoch of training, which the linear probe may still be better than, None before the first.
    """

    def __init__(self, network: nn.Module, held_out: HeldOut) -> None:
        """Begin with the linear probe and its answers."""
        self.linear_probe = held_out
        self.epoch, self.held_out = 0, held_out
        self.trained_epoch, self.trained = 0, held_out
        self._network: Mapping[str, Tensor] = deepcopy(network.state_dict())

    def consider(self, epoch: int, network: nn.Module, held_out: HeldOut) -> None:
        """Judge an epoch of training, counted from 1."""
        loss = held_out.score.loss
        if loss < self.held_out.score.loss:
            self.epoch, self.held_out = epoch, held_out
            self._network = deepcopy(network.state_dict())
        # The linear probe is left out of this: training passes it late or never, but is not over.
        if self.trained_epoch == 0 or loss < self.trained.score.loss:
            self.trained_epoch, self.trained = epoch, held_out

    def is_over(self, epoch: int, patience: int) -> bool:
        """Whether so many epochs of training, the last of them ``epoch``, brought nothing."""
        return epoch - self.trained_epoch >= patience

    def fill(self, network: nn.Module) -> None:
        """Give a network the weights of the best epoch."""
        network.load_state_dict(dict(self._network))

    def state(self) -> dict[str, Tensor]:
        """Return all that `restore` needs."""
        state = {
            "logits": self.held_out.logits,
            "trained": self.trained.logits,
            "epochs": torch.tensor([self.epoch, self.trained_epoch]),
        } | {f"network.{name}": value for name, value in self._network.items()}
        return {f"{_PREFIX}{name}": value for name, value in state.items()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to a `state`, among whatever else."""
        found = {
            key.removeprefix(_PREFIX): v for key, v in state.items() if key.startswith(_PREFIX)
        }
        self.epoch, self.trained_epoch = map(int, found["epochs"])
        self.held_out = replace(self.held_out, logits=found["logits"])
        self.trained = replace(self.trained, logits=found["trained"])
        prefix = "network."
        self._network = {
            key.removeprefix(prefix): v for key, v in found.items() if key.startswith(prefix)
        }
