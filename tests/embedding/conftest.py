"""Small tasks made of seeds: as many different images of one task as anybody wants."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.task import Task

Picture = NDArray[np.uint8]


def draw(label: int, seed: int) -> Picture:
    """Draw stripes in a class's own direction and colour, with noise, in a size of their own."""
    rng = np.random.default_rng((label, seed))
    height, width = rng.integers(18, 34, 2)
    y, x = np.mgrid[:height, :width]
    angle = label * 0.8 + rng.normal(0, 0.25)
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * rng.uniform(0.5, 0.9))
    colour = np.array([0.3 + 0.2 * label, 0.5, 0.8 - 0.2 * label]) + rng.normal(0, 0.15, 3)
    picture = colour * (0.6 + 0.4 * wave[:, :, None]) + rng.normal(0, 0.1, (height, width, 3))
    return np.uint8(255 * picture.clip(0, 1))


@pytest.fixture(scope="session")
def striped() -> Callable[..., Task]:
    """Make a task in memory: ``images`` images of each class, numbered from ``first``."""

    def make(*counts: int, first: int = 0) -> Task:
        labels = [label for label, count in enumerate(counts) for _ in range(count)]
        seeds = [first + number for count in counts for number in range(count)]
        images = [draw(label, seed) for label, seed in zip(labels, seeds, strict=True)]
        return task_from_arrays(images, labels, name="stripes")

    return make


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder of 14, 9 and 5 PNG files in 3 classes."""
    root = tmp_path_factory.mktemp("stripes")
    for label, (name, count) in enumerate({"ash": 14, "elm": 9, "oak": 5}.items()):
        (root / name).mkdir()
        for seed in range(count):
            Image.fromarray(draw(label, seed)).save(root / name / f"{seed:02}.png")
    return root
