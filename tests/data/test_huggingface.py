"""Objects of the real datasets library."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import datasets
import pytest
from PIL import Image

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.data.task import Task
from task2vec.errors import SourceError

Png = Callable[[int], bytes]


@pytest.fixture
def pets(png: Png) -> datasets.Dataset:
    features = datasets.Features(
        img=datasets.Image(), fine_label=datasets.ClassLabel(names=["cat", "dog"])
    )
    images = [Image.open(BytesIO(png(n))) for n in range(5)]
    rows = {"img": images, "fine_label": [0, 1, 0, 1, -1]}
    return datasets.Dataset.from_dict(rows, features=features)


def numbers(task: Task) -> dict[str, tuple[int, str]]:
    sample = all_images(task, transform=lambda image: image.getpixel((0, 0))[0])
    labels = [sample.classes[label] for label in sample.labels]
    return dict(zip(sample.keys, zip(sample.images, labels, strict=True), strict=True))


PETS = {"row 0": (0, "cat"), "row 1": (1, "dog"), "row 2": (2, "cat"), "row 3": (3, "dog")}


def test_a_dataset_is_a_source(pets: Any) -> None:
    task = open_source(pets, name="pets")
    assert (task.name, task.source) == ("pets", "Hugging Face data set pets")
    assert task.warnings == ("1 row left out, having no label: row 4",)
    assert numbers(task) == PETS
    assert open_source(pets).signature == task.signature


@pytest.mark.parametrize("kind", ["numpy", "torch"])
def test_formats_and_transforms_of_the_user_do_not_count(pets: Any, kind: str) -> None:
    assert numbers(open_source(pets.with_format(kind))) == PETS
    blank = pets.with_transform(lambda rows: {"img": [0] * len(rows["img"])})
    assert numbers(open_source(blank)) == PETS


def test_rows_chosen_by_the_user_count(pets: Any) -> None:
    assert numbers(open_source(pets.select([3, 0]))) == {"row 0": (3, "dog"), "row 1": (0, "cat")}


def test_a_dictionary_of_splits(pets: Any) -> None:
    splits = datasets.DatasetDict(train=pets.select([0, 1]), validation=pets.select([2, 3]))
    task = open_source(splits, name="pets")
    assert [(e.key, e.split) for e in task.entries] == [
        ("train row 0", "train"),
        ("train row 1", "train"),
        ("validation row 0", "val"),
        ("validation row 1", "val"),
    ]
    assert numbers(task)["validation row 1"] == (3, "dog")


def test_images_may_be_files(tmp_path: Path, png: Png) -> None:
    for n in range(3):
        (tmp_path / f"{n}.png").write_bytes(png(n))
    rows = {
        "image": [*[str(tmp_path / f"{n}.png") for n in range(3)], "https://example.org/a.png"],
        "label": ["x", "y", "x", "y"],
    }
    found = datasets.Dataset.from_dict(rows).cast_column("image", datasets.Image())
    sample = all_images(open_source(found), transform=lambda image: image.getpixel((0, 0))[0])
    assert sample.images == (0, 2, 1)
    assert "1 of 4 images could not be read: row 3 (no such file" in sample.warnings[0]


def test_columns_that_do_not_tell_are_listed(pets: Any) -> None:
    with pytest.raises(SourceError, match=r"do not tell.*got img \(Image\)"):
        open_source(pets.remove_columns("fine_label"))


def test_streams_are_refused_with_the_remedy(pets: Any) -> None:
    with pytest.raises(SourceError, match=r"streamed.*without streaming=True"):
        open_source(pets.to_iterable_dataset())
