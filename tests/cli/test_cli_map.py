"""`task2vec map`: a picture, and its points."""

from pathlib import Path

import numpy as np
import pytest
from command import Cli
from PIL import Image
from small_store import TASKS, SmallStore

from task2vec.distance import plain_symmetric_distance
from task2vec.plots.layout import stress
from task2vec.store.store import Store


def pixels(file: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB"))


def test_the_picture_is_not_blank_and_thumbnails_are_in_it(cli: Cli, small: SmallStore) -> None:
    found = cli("map", "--store", small.store)
    cli("map", "--store", small.store, "--thumbnails", "-o", "with.png")

    assert (found.code, found.out) == (0, "")
    assert "Drew 4 tasks to map.png" in found.err
    plain, thumbnails = pixels("map.png"), pixels("with.png")
    assert plain.std() > 5
    # Photographs bring many colours that dots and letters do not have.
    assert len(np.unique(thumbnails.reshape(-1, 3), axis=0)) > 2 * len(
        np.unique(plain.reshape(-1, 3), axis=0)
    )


def test_the_points_lie_as_far_apart_as_their_tasks(cli: Cli, small: SmallStore) -> None:
    found = cli("map", "--store", small.store, "--json").json

    assert [point["name"] for point in found["points"]] == list(TASKS)
    assert list(Path.cwd().iterdir()) == []
    # As they are: correcting all pairs for noise takes the replicates of every task.
    with Store.open(small.store, create=False) as opened:
        embeddings = [opened.tasks.embedding(name) for name in TASKS]
    distances = np.array([[plain_symmetric_distance(a, b) for b in embeddings] for a in embeddings])
    positions = np.array([(point["x"], point["y"]) for point in found["points"]])
    assert found["stress"] == pytest.approx(stress(distances, positions))
    # Four tasks in the plane: most of each distance must be there.
    assert found["stress"] < 0.3


def test_a_tag_selects(cli: Cli, store: Path, two_classes: Path) -> None:
    cli("embed", two_classes, "--images", 6, "--tag", "mine", "--store", store)

    (point,) = cli("map", "--tag", "mine", "--store", store, "--json").json["points"]

    assert (point["name"], point["group"], point["classes"]) == ("tiny", "mine", 2)


def test_an_empty_store_is_told_so(cli: Cli, store: Path) -> None:
    for task in TASKS:
        cli("remove", task, "--store", store)

    found = cli("map", "--store", store)

    assert (found.code, found.out) == (2, "")
    assert "There is nothing to draw" in found.err
    assert not Path("map.png").exists()
