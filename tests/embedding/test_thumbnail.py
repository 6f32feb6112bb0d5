"""The small picture of a task."""

import shutil
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from small_store import build

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.sampling.sample import all_images
from task2vec.embedding.thumbnail import thumbnail
from task2vec.service.workspace import Workspace


def test_thumbnails_show_an_image_of_each_class(tmp_path: Path) -> None:
    """Each of the four classes of a small task fills a quarter of its picture."""
    store = Path(shutil.copytree(build().store, tmp_path / "store"))
    with Workspace(store) as workspace:
        data = workspace.store().tasks.thumbnail("fashion_tops")
    assert data is not None
    (tmp_path / "thumbnail.png").write_bytes(data)

    with Image.open(tmp_path / "thumbnail.png") as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)

    assert pixels.shape == (96, 96, 3)
    quarters = [pixels[y : y + 47, x : x + 47] for y in (0, 48) for x in (0, 48)]
    assert all(quarter.std() > 10 for quarter in quarters)
    different = [np.abs(quarters[i] - quarters[j]).mean() for i in range(4) for j in range(i)]
    assert min(different) > 5


def test_several_labels_an_image_are_shown_too() -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    pictures = [np.full((8, 8, 3), colour, dtype=np.uint8) for colour in colours]
    labels = np.array([[0, 0, 1, -1], [1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1]])
    task = task_from_arrays(pictures, labels, name="x")
    data = thumbnail(all_images(task, transform=np.asarray))
    with Image.open(BytesIO(data)) as image:
        found = [image.getpixel((x, y)) for y in (20, 70) for x in (20, 70)]
    # The first image that has each class.
    assert found == [colours[1], colours[2], colours[0], colours[1]]
