"""Classifying preprocessed images batch by batch, and what that says of images held out."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.finetuning.result import Score
from task2vec.finetuning.resume import below
from task2vec.finetuning.temperature import fit_temperature
from task2vec.probe.head import fit_head
from task2vec.probe.probe import Pixels, Probe

#: Told of how many images went through the network, in training or judging, batch by batch.
Tick = Callable[[int], None]

_BATCH = 32


def unheard(_images: int) -> None:
    """Tell nobody."""


def classify(
    backbone: nn.Module,
    classifier: nn.Module,
    start: Probe,
    images: tuple[Pixels, ...],
    *,
    tick: Tick | None = None,
) -> Tensor:
    """Return the (N, C) logits of preprocessed images."""
    return _in_batches(lambda x: classifier(backbone(x)).cpu(), start, images, tick or unheard)


def frozen_features(start: Probe, images: tuple[Pixels, ...], tick: Tick) -> Tensor:
    """Return the (N, D) features of the starting model as it is."""
    return _in_batches(lambda x: start.backbone(x).cpu(), start, images, tick)


def fitted_classifier(
    features: Tensor, labels: NDArray[np.int64], *, classes: int, device: torch.device
) -> nn.Linear:
    """Return the convex head on (N, D) features: the classifier of the linear probe."""
    head = fit_head(features.numpy(), labels, classes=classes)
    classifier = nn.Linear(features.shape[1], classes)
    with torch.no_grad():
        classifier.weight.copy_(torch.from_numpy(head.weight))
        classifier.bias.copy_(torch.from_numpy(head.bias))
    return classifier.to(device)


def _in_batches(
    network: Callable[[Tensor], Tensor], start: Probe, images: tuple[Pixels, ...], tick: Tick
) -> Tensor:
    outputs = []
    for first in range(0, len(images), _BATCH):
        batch = images[first : first + _BATCH]
        with torch.inference_mode():
            outputs.append(network(start.to_input(batch)))
        tick(len(batch))
    # Out of inference mode, so that it may be saved and computed with.
    return torch.cat(outputs).clone()


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
_CURVE = "curve"


class BestEpoch:
    """Compares epochs of training as they come, and keeps a copy of the best network.

    ``held_out`` are the best's answers on the validation images; None before the first epoch,
    whose number is 1. ``scores`` are those of all epochs.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self.held_out: HeldOut | None = None
        self.scores: list[Score] = []
        self._loss: float | None = None
        self._network: Mapping[str, Tensor] = {}

    def consider(self, epoch: int, network: nn.Module, held_out: HeldOut) -> None:
        """Judge an epoch by its answers on the validation images."""
        score = held_out.score
        if self._loss is None or score.loss < self._loss:
            self.epoch, self.held_out, self._loss = epoch, held_out, score.loss
            self._network = deepcopy(network.state_dict())
        self.scores.append(score)

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
        curve = torch.tensor(
            [[score.accuracy, score.loss] for score in self.scores], dtype=torch.float64
        )
        return {
            _LOGITS: self.held_out.logits,
            _EPOCH: torch.tensor(self.epoch),
            _CURVE: curve,
            **network,
        }

    def restore(self, state: Mapping[str, Tensor], labels: NDArray[np.int64]) -> None:
        """Go back to a `state`, among others; ``labels`` (V,) are of the validation images."""
        self.epoch = int(state[_EPOCH])
        self.held_out = HeldOut(state[_LOGITS], labels)
        self._loss = self.held_out.score.loss
        self.scores = [
            Score(accuracy=accuracy, loss=loss) for accuracy, loss in state[_CURVE].tolist()
        ]
        self._network = below(_NETWORK, state)
