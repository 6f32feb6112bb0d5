"""Fine-tuning a starting model on a task, with an honest accuracy at the end."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from math import cos, pi

import torch
from torch import Tensor, nn

from task2vec.probe.head import class_weights, fit_head
from task2vec.probe.probe import Pixels, Probe
from task2vec.recommend.holdout import Labelled
from task2vec.recommend.tuning_settings import FineTuningSettings

#: Told of (epoch, epochs, images done in it, images in it, validation accuracy so far or nan).
Progress = Callable[[int, int, int, int, float], None]
#: Told of how many images went through the network, in training or judging, batch by batch.
Tick = Callable[[int], None]

_BATCH = 32


@dataclass(frozen=True, eq=False)
class FineTuned:
    """The network of the best epoch (backbone and classifier), and how it got there."""

    backbone: nn.Module
    classifier: nn.Linear
    epochs: int
    best_epoch: int
    validation_accuracy: float


def fine_tune(
    start: Probe,
    training: Labelled[Pixels],
    validation: Labelled[Pixels],
    *,
    classes: int,
    settings: FineTuningSettings,
    progress: Progress | None = None,
    tick: Tick | None = None,
) -> FineTuned:
    """Train all of the network on ``training``; keep the epoch with the least validation loss.

    Epoch 0 is the convex head on frozen features, a linear probe: where no epoch does better, it is
    what is kept. The training itself starts from a classifier of zeros, so that the features move
    only once it has found a direction, and learns the classifier three times as fast. Batch
    statistics stay those of pretraining: batches of a small task say too little. Images are shifted
    and scaled a little; never flipped, since letters and digits are not symmetric. The starting
    model is copied, never changed.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    pulse = tick or _unheard
    weights = class_weights(training.labels, classes)
    backbone = deepcopy(start.backbone).requires_grad_(True)
    classifier = _fitted_classifier(start, training, classes, pulse)
    network = nn.Sequential(backbone, classifier)
    count = len(training.images)
    steps = -(-count // settings.batch_size)
    best_loss, accuracy = _validate(network, start, validation, pulse)
    best_epoch, best_state = 0, deepcopy(network.state_dict())
    best_trained, improved = float("inf"), 0
    nn.init.zeros_(classifier.weight)
    nn.init.zeros_(classifier.bias)
    speeds = {backbone: 1.0, classifier: 3.0}
    optimiser = torch.optim.AdamW(
        [{"params": part.parameters(), "speed": speed} for part, speed in speeds.items()],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
    tell = progress or (lambda *_: None)
    epoch = 0
    for epoch in range(1, settings.epochs + 1):
        order = torch.randperm(count, generator=generator).numpy()
        for step in range(steps):
            chosen = order[step * settings.batch_size : (step + 1) * settings.batch_size]
            for group in optimiser.param_groups:
                pace = _schedule((epoch - 1) + step / steps, settings.epochs)
                group["lr"] = settings.learning_rate * group["speed"] * pace
            inputs = _jitter(start.to_input([training.images[i] for i in chosen]), generator)
            losses = nn.functional.cross_entropy(
                network(inputs),
                torch.from_numpy(training.labels[chosen]).to(inputs.device),
                reduction="none",
            )
            # Weights sum to 1 over all images; times their number they are 1 on balanced classes.
            balance = torch.from_numpy(weights[chosen] * count).to(losses)
            optimiser.zero_grad()
            (losses * balance).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            pulse(len(chosen))
            tell(
                epoch,
                settings.epochs,
                min((step + 1) * settings.batch_size, count),
                count,
                accuracy,
            )
        loss, found = _validate(network, start, validation, pulse)
        # With nothing to validate on, the last epoch is as good a choice as any.
        if loss < best_loss or not validation.images:
            best_loss, accuracy, best_epoch = loss, found, epoch
            best_state = deepcopy(network.state_dict())
        # The linear probe is left out of this: training passes it late or never, but is not over.
        if loss < best_trained:
            best_trained, improved = loss, epoch
        elif epoch - improved >= settings.patience and validation.images:
            break
    network.load_state_dict(best_state)
    network.requires_grad_(False)
    return FineTuned(backbone, classifier, epoch, best_epoch, accuracy)


def passes(training: int, *, validation: int, test: int, settings: FineTuningSettings) -> int:
    """Return how many images at most go through the network, those that test it included."""
    return (settings.epochs + 1) * (training + validation) + test


def classify(
    backbone: nn.Module,
    classifier: nn.Module,
    start: Probe,
    images: tuple[Pixels, ...],
    *,
    tick: Tick | None = None,
) -> Tensor:
    """Return the (N, C) logits of preprocessed images."""
    return _in_batches(lambda x: classifier(backbone(x)).cpu(), start, images, tick or _unheard)


def _in_batches(
    network: Callable[[Tensor], Tensor], start: Probe, images: tuple[Pixels, ...], tick: Tick
) -> Tensor:
    found = []
    for first in range(0, len(images), _BATCH):
        batch = images[first : first + _BATCH]
        with torch.inference_mode():
            found.append(network(start.to_input(batch)))
        tick(len(batch))
    return torch.cat(found)


def _unheard(_images: int) -> None:
    pass


def _fitted_classifier(
    start: Probe, training: Labelled[Pixels], classes: int, tick: Tick
) -> nn.Linear:
    features = _in_batches(start.backbone, start, training.images, tick)
    head = fit_head(features.cpu().numpy(), training.labels, classes=classes)
    classifier = nn.Linear(features.shape[1], classes)
    with torch.no_grad():
        classifier.weight.copy_(torch.from_numpy(head.weight))
        classifier.bias.copy_(torch.from_numpy(head.bias))
    return classifier.to(start.device)


def _validate(
    network: nn.Sequential, start: Probe, validation: Labelled[Pixels], tick: Tick
) -> tuple[float, float]:
    """Return the loss and accuracy, both nan when there is nothing to validate on."""
    if not validation.images:
        return float("nan"), float("nan")
    logits = classify(network[0], network[1], start, validation.images, tick=tick)
    labels = torch.from_numpy(validation.labels)
    loss = nn.functional.cross_entropy(logits, labels).item()
    return loss, float((logits.argmax(dim=1) == labels).float().mean())


def _schedule(position: float, epochs: int) -> float:
    """Return the learning rate's factor: a linear rise over the first epoch, then half a cosine."""
    if position < 1:
        return max(position, 0.1)
    return 0.5 * (1 + cos(pi * (position - 1) / max(epochs - 1, 1)))


def _jitter(images: Tensor, generator: torch.Generator) -> Tensor:
    """Scale each image by up to 10 % and shift it by up to 6 % of its side."""
    count = len(images)
    scale = 1 + 0.2 * (torch.rand(count, generator=generator) - 0.5)
    shift = 0.24 * (torch.rand(count, 2, generator=generator) - 0.5)
    transform = torch.zeros(count, 2, 3)
    transform[:, 0, 0] = transform[:, 1, 1] = scale
    transform[:, :, 2] = shift
    grid = nn.functional.affine_grid(
        transform.to(images.device), list(images.shape), align_corners=False
    )
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
