"""Folders of pictures that are told apart by their numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def picture(number: int) -> Image.Image:
    """Draw noise of its own number: another number, other pixels."""
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture
def write_task(tmp_path: Path) -> Callable[[dict[str, list[int]]], Path]:
    """Give a function that writes pictures, by folder and number, and returns the source."""

    def write(folders: dict[str, list[int]]) -> Path:
        for folder, numbers in folders.items():
            (tmp_path / "task" / folder).mkdir(parents=True)
            for place, number in enumerate(numbers):
                picture(number).save(tmp_path / "task" / folder / f"{place:03}-{number}.png")
        return tmp_path / "task"

    return write
