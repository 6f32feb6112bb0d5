"""Classifying preprocessed images with a backbone and a linear classifier, batch by batch."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

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
