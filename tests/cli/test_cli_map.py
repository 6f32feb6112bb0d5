"""`task2vec map`: a picture, and its points."""

from pathlib import Path

import numpy as np
from command import Cli
from PIL import Image
from small_store import TASKS

from task2vec import LocalClient


def pixels(file: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def test_the_picture_is_not_blank_and_thumbnails_are_in_it(ask: Cli) -> None:
    found = ask("map")
    ask("map", "--thumbnails", "-o", "with.png")

    assert (found.code, found.out) == (0, "")
    assert "Drew 4 tasks to map.png" in found.err
    plain, thumbnails = pixels("map.png"), pixels("with.png")
    assert plain.std() > 5
    # Photographs bring many colours that dots and letters do not have.
    assert len(np.unique(thumbnails.reshape(-1, 3), axis=0)) > 2 * len(
        np.unique(plain.reshape(-1, 3), axis=0)
    )


def test_a_tag_selects(on: Cli, store: Path) -> None:
    with LocalClient(store) as client:
        client.tasks.edit("emoji_food", tags=["mine"])

    (point,) = on("map", "--tag", "mine", "--json").json["points"]

    assert (point["name"], point["group"], point["classes"]) == ("emoji_food", "mine", 4)


def test_an_empty_store_is_told_so(on: Cli) -> None:
    for task in TASKS:
        on("remove", task)

    found = on("map")

    assert (found.code, found.out) == (2, "")
    assert "There is nothing to draw" in found.err
    assert not Path("map.png").exists()
    assert on("map", "--json").json["points"] == []
