"""Drawing a sample, on real image files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from task2vec.data.open import open_source
from task2vec.data.sample import draw_sample


def paint(path: Path, colour: tuple[int, int, int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (3, 2), colour).save(path)


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    for number in range(10):
        paint(tmp_path / "flowers" / "rose" / f"{number}.png", (200, number, 0))
    for number in range(3):
        paint(tmp_path / "flowers" / "tulip" / f"{number}.png", (0, number, 200))
    return tmp_path / "flowers"


def test_a_small_class_gives_all_and_the_others_the_rest(flowers: Path) -> None:
    sample = draw_sample(open_source(flowers), images=9, seed=0, transform=np.asarray)
    assert sample.classes == ("rose", "tulip")
    assert sample.labels.tolist() == [0] * 6 + [1] * 3
    for key, pixels in zip(sample.keys, sample.images, strict=True):
        np.testing.assert_array_equal(pixels, np.asarray(Image.open(flowers / key)))
