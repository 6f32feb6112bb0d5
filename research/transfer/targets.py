"""A task as it is met by starting models: its images, and what is trained and tested on."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from research.development.tasks import DevelopmentTask
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import Sample, draw_sample
from task2vec.probe.probe import Pixels, Probe

#: All images that the tasks have, but of four.
MOST_IMAGES, SHOTS = 480, 5
Indices = NDArray[np.int64]


class Budget(StrEnum):
    """How many labelled images of a task there are to learn from."""

    FEW = "few"
    ALL = "all"

    @property
    def draws(self) -> int:
        """How many times the images to learn from are drawn anew."""
        return 24 if self is Budget.FEW else 10

    @property
    def shown(self) -> int:
        """By how many of these draws, the first, rankers that see images are judged.

        Somebody who asks has one. Where the images are few it is luck which.
        """
        return 3 if self is Budget.FEW else 1


@dataclass(frozen=True)
class Draw:
    """Positions of the images that are learnt from and of those that test.

    No test image shows an object that is trained on: frames of one sprite or tones of one emoji are
    an object.
    """

    train: Indices
    test: Indices


class Target:
    """Drawn images of a task, called by their ``keys`` in its source.

    ``half`` (N,) is 0 or 1, the same for all images of an object.
    """

    def __init__(self, task: DevelopmentTask, probe: Probe, *, images: int = MOST_IMAGES) -> None:
        sample: Sample[Pixels] = draw_sample(
            open_source(task.folder), images=images, seed=0, transform=probe.preprocess
        )
        self.name, self.family = task.name, task.family
        self.images, self.labels, self.keys = sample.images, sample.labels, sample.keys
        self.classes = len(sample.classes)
        # Frames of a sprite, tones of an emoji and the like share the name before "__".
        names = [key.partition("__")[0] for key in sample.keys]
        self.objects = np.unique(names, return_inverse=True)[1]
        self.half = np.array([zlib.crc32(name.encode()) % 2 for name in names])
        self.shots = max(1, min(SHOTS, len(self.labels) // (2 * self.classes)))

    def draws(self, budget: Budget) -> Iterator[Draw]:
        """Yield the draws of a budget, the same in every run."""
        rng = np.random.default_rng([zlib.crc32(self.name.encode()), budget.draws])
        for _ in range(budget.draws):
            train = self._few(rng) if budget is Budget.FEW else self.share(rng, 2 / 3)
            yield Draw(train, np.flatnonzero(~np.isin(self.objects, self.objects[train])))

    def _few(self, rng: np.random.Generator) -> Indices:
        """Return some images of each class, of half of the objects: others are left to test on."""
        pool = rng.permutation(self.share(rng, 1 / 2))
        return np.concatenate(
            [pool[self.labels[pool] == label][: self.shots] for label in range(self.classes)]
        )

    def share(self, rng: np.random.Generator, share: float) -> Indices:
        """Return the images of a share of the objects, of every class among them."""
        while True:
            objects = rng.permutation(self.objects.max() + 1)
            chosen = np.flatnonzero(np.isin(self.objects, objects[: round(len(objects) * share)]))
            if len(np.unique(self.labels[chosen])) == self.classes:
                return chosen
