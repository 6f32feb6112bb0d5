"""The images of the comparison: a cell is a task, a budget of images and a seed."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.examples import folder
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import draw_sample
from task2vec.finetuning.classify import frozen_features, unheard
from task2vec.finetuning.splits import Labelled, part_of
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.registry import load_probe

START = "efficientnet_lite0?input_size=96"
TASKS = (
    "clipart_food",
    "fashion_tops",
    "greek_capitals",
    "satellite_night",
    "sprites_facing",
    "tango_icons",
)
CLASSES = 5
TESTS = 150
MOST = 200

Indices = NDArray[np.int64]


class Budget(StrEnum):
    """How many training images there are."""

    FEW = "few"
    SOME = "some"
    ALL = "all"


#: Training images of a class; of all, a quarter is left to test.
IMAGES = {Budget.FEW: 5, Budget.SOME: 15}


@dataclass(frozen=True, eq=False)
class Cell:
    """All recipes are trained on the same images and judged on the same others.

    ``features`` (N, D) are those of the training images by the starting model.
    """

    training: Labelled[Pixels]
    test: Labelled[Pixels]
    classes: int
    features: torch.Tensor
    validated: bool

    def divided(self) -> tuple[Indices, Indices]:
        """Return the positions of the images that train and of those that validate."""
        every = np.arange(len(self.training.labels))
        if not self.validated:
            return every, every[:0]
        # Every sixth image: they lie in random order.
        return every[every % 6 != 0], every[every % 6 == 0]


@cache
def start() -> Probe:
    """Return the starting model."""
    return load_probe(START)


@cache
def cell(task: str, budget: Budget, seed: int) -> Cell:
    """Return the images of one cell."""
    data = _drawn(task, seed)
    labels = data.labels
    rank = np.array([int((labels[:i] == label).sum()) for i, label in enumerate(labels)])
    counts = np.bincount(labels)
    if budget is Budget.ALL:
        limit = counts[labels] - np.maximum(1, counts[labels] // 4)
    else:
        limit = np.full(len(labels), IMAGES[budget])
    training = part_of(data, np.flatnonzero(rank < limit)[:MOST])
    return Cell(
        training,
        part_of(data, np.flatnonzero(rank >= limit)[:TESTS]),
        classes=len(counts),
        features=frozen_features(start(), training.images, unheard),
        validated=budget is Budget.ALL,
    )


@cache
def _drawn(task: str, seed: int) -> Labelled[Pixels]:
    sample = draw_sample(
        open_source(folder(task)), images=10_000, seed=seed, transform=start().preprocess
    )
    # A cost that grows with the classes buys no other kind of evidence.
    kept = np.flatnonzero(sample.labels < CLASSES)
    order = np.random.default_rng(seed).permutation(kept)
    return Labelled(
        tuple(sample.images[i] for i in order), sample.labels[order], tuple(map(str, order))
    )
