"""The small picture of a task."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image
from small_store import build

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
