"""The small picture of a task."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.sampling.sample import all_images
from task2vec.embedding.thumbnail import thumbnail

COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
SEVERAL = np.array([[0, 0, 1, -1], [1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1]])


@pytest.mark.parametrize(
    ("labels", "firsts"),
    [([2, 0, 1, 3], [1, 2, 0, 3]), (SEVERAL, [1, 2, 0, 1])],
    ids=["one label an image", "several"],
)
def test_it_shows_the_first_image_of_each_class(labels, firsts) -> None:
    pictures = [np.full((8, 8, 3), colour, dtype=np.uint8) for colour in COLOURS]
    data = thumbnail(all_images(task_from_arrays(pictures, labels, name="x"), transform=np.asarray))
    with Image.open(BytesIO(data)) as image:
        assert image.size == (96, 96)
        shown = [image.getpixel((x, y)) for y in (20, 70) for x in (20, 70)]
    assert shown == [COLOURS[i] for i in firsts]
