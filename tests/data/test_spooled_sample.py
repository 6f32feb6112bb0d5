"""A sample from a temporary file against one in memory."""

import numpy as np
import pytest
from PIL import Image

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.sampling.sample import draw_sample
from task2vec.data.sampling.spool import Pixels, draw_spooled
from task2vec.data.task import Task


@pytest.fixture(scope="module")
def task() -> Task:
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)
    return task_from_arrays(images, [number % 3 for number in range(60)], name="noise")


def halved(image: Image.Image) -> Pixels:
    return np.asarray(image.resize((4, 4)))


@pytest.mark.parametrize("budget", [0, 10 * 48, 10**6])
def test_is_the_sample_that_is_drawn_in_memory(task: Task, budget: int) -> None:
    expected = draw_sample(task, images=31, seed=4, transform=halved)
    told: list[tuple[int, int]] = []
    found = draw_spooled(
        task,
        images=31,
        seed=4,
        transform=halved,
        budget=budget,
        progress=lambda *step: told.append(step),
    )
    np.testing.assert_array_equal(found.images, expected.images)
    np.testing.assert_array_equal(found.labels, expected.labels)
    for name in ("keys", "digests", "classes", "content_hash", "warnings", "likelihood"):
        assert getattr(found, name) == getattr(expected, name)
    assert told[-1] == (31, 31)


def test_a_part_of_it_can_be_taken_in_any_order(task: Task) -> None:
    found = draw_spooled(task, images=12, seed=0, transform=halved, budget=0)
    whole = list(found.images)
    np.testing.assert_array_equal(found.images[3:7], whole[3:7])
    np.testing.assert_array_equal(found.images[-1], whole[-1])
    assert len(found.images[20:]) == 0
