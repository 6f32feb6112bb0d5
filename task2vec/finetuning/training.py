"""Training a network, epoch by epoch, in a way that can be stopped and gone on with."""

from collections.abc import Mapping
from copy import deepcopy
from math import cos, pi

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.finetuning.classify import Tick, classify
from task2vec.finetuning.resume import below
from task2vec.finetuning.settings import FineTuningSettings, HeadStart
from task2vec.finetuning.splits import Labelled
from task2vec.probe.head import class_weights
from task2vec.probe.probe import Pixels, Probe

_SCALE = 0.1
# Of the side, which is 2 wide in the coordinates of affine_grid.
_SHIFT = 0.06


def jitter(images: Tensor, generator: torch.Generator, *, strength: float = 1.0) -> Tensor:
    """Scale each of (N, 3, S, S) images by up to 10 % and shift it by up to 6 % of its side.

    Both are multiplied by ``strength``; at 0 the images are returned as they are. Nothing is
    flipped, since letters and digits are not symmetric.
    """
    if strength == 0:
        return images
    count = len(images)
    scale = 1 + 2 * _SCALE * strength * (torch.rand(count, generator=generator) - 0.5)
    shift = 4 * _SHIFT * strength * (torch.rand(count, 2, generator=generator) - 0.5)
    transform = torch.zeros(count, 2, 3)
    transform[:, 0, 0] = transform[:, 1, 1] = scale
    transform[:, :, 2] = shift
    grid = nn.functional.affine_grid(
        transform.to(images.device), list(images.shape), align_corners=False
    )
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


#: How much faster than the backbone the classifier learns: one of zeros has all to learn.
_SPEED = {HeadStart.ZEROS: 3.0, HeadStart.LINEAR_PROBE: 1.0}
ALL_DONE = "all epochs are done"


class Training:
    """A copy of a starting model with a classifier, in training; the start is never changed.

    All layers are trained; `StageTraining` trains the last stage. Batch statistics stay those of
    pretraining: batches of a small task say too little. From a classifier of zeros the features
    move only once it has found a direction.

    ``backbone`` is the whole copy, ``network`` what is trained of it with the ``classifier``.
    """

    def __init__(
        self,
        start: Probe,
        data: Labelled[Pixels],
        *,
        classifier: nn.Linear,
        settings: FineTuningSettings,
        rate: float,
    ) -> None:
        """Start from ``classifier``, that of the linear probe, or from zeros in its place."""
        self._start = start
        self.data = data
        self._settings = settings
        self.rate = rate
        classes = classifier.out_features
        # They sum to 1 over all images; times their number they are 1 on balanced classes.
        self._weights = torch.from_numpy(class_weights(data.labels, classes) * len(data.images))
        self._generator = torch.Generator().manual_seed(settings.seed)
        self.backbone = deepcopy(start.backbone)
        part = self.trained_part().requires_grad_(True)
        self.classifier = deepcopy(classifier).requires_grad_(True)
        if settings.head_start is HeadStart.ZEROS:
            nn.init.zeros_(self.classifier.weight)
            nn.init.zeros_(self.classifier.bias)
        self.network = nn.Sequential(part, self.classifier)
        speeds = {part: 1.0, self.classifier: _SPEED[settings.head_start]}
        self._optimiser = torch.optim.AdamW(
            [{"params": part.parameters(), "speed": speed} for part, speed in speeds.items()],
            lr=rate,
            weight_decay=settings.weight_decay,
        )
        self.batch = settings.batch_for(len(data.images))
        self.epochs = settings.epochs_for(len(data.images))
        self.steps_an_epoch = -(-len(data.images) // self.batch)
        self.epoch = 0

    def trained_part(self) -> nn.Module:
        """Return what is trained of the copied backbone."""
        return self.backbone

    def run_epoch(self, tick: Tick) -> None:
        """Go once over the images, in random order."""
        count = len(self.data.images)
        order = torch.randperm(count, generator=self._generator).numpy()
        firsts = range(0, count, self.batch)
        for step, first in enumerate(firsts):
            chosen = order[first : first + self.batch]
            pace = learning_pace(self.epoch + step / len(firsts), self.epochs)
            for group in self._optimiser.param_groups:
                group["lr"] = self.rate * group["speed"] * pace
            inputs = self.inputs(chosen)
            losses = nn.functional.cross_entropy(
                self.network(inputs),
                torch.from_numpy(self.data.labels[chosen]).to(inputs.device),
                reduction="none",
            )
            self._optimiser.zero_grad()
            (losses * self._weights[chosen].to(losses)).mean().backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
            tick(len(chosen))
        self.epoch += 1

    def inputs(self, chosen: NDArray[np.int64]) -> Tensor:
        """Return what the images at these positions are for the network, jittered."""
        return jitter(
            self._start.to_input([self.data.images[i] for i in chosen]),
            self._generator,
            strength=self._settings.augmentation,
        )

    def logits(self, held: Labelled[Pixels], tick: Tick) -> Tensor:
        """Return the (N, C) logits of images as the network is now."""
        return classify(self.backbone, self.classifier, self._start, held.images, tick=tick)

    @property
    def next_epoch(self) -> str:
        """Which epoch comes next, in words."""
        if self.epoch == self.epochs:
            return ALL_DONE
        return f"epoch {self.epoch + 1} of {self.epochs}"

    def state(self) -> dict[str, Tensor]:
        """Return all that `restore` needs to go on as if nothing had happened."""
        state = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        for index, moments in self._optimiser.state_dict()["state"].items():
            state |= {f"optimiser.{index}.{name}": value for name, value in moments.items()}
        state["generator"] = self._generator.get_state()
        state["epoch"] = torch.tensor(self.epoch)
        return state

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to a `state`, among whatever else."""
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in below("optimiser.", state).items():
            index, _, name = key.partition(".")
            moments.setdefault(int(index), {})[name] = value
        optimiser = self._optimiser.state_dict()
        self._optimiser.load_state_dict({**optimiser, "state": moments})
        self.network.load_state_dict(below("network.", state))
        self._generator.set_state(state["generator"])
        self.epoch = int(state["epoch"])


def learning_pace(position: float, epochs: int) -> float:
    """Return the learning rate's factor: a linear rise over the first epoch, then half a cosine.

    ``position`` counts epochs, with fractions.
    """
    if position < 1:
        return max(position, 0.1)
    return 0.5 * (1 + cos(pi * (position - 1) / max(epochs - 1, 1)))
