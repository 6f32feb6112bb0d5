"""Boxes of COCO and YOLO, read as images of their own."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from boxes import check_crops, coco, coco_files, expected_crops, yolo_files
from packed import pack

from task2vec.data.open import open_source

Write = Callable[[Path, Mapping[str, bytes]], Path]


SOURCES = {
    "coco": ("val2017", coco_files(coco()), "val", "boxes in COCO's JSON"),
    "yolo": ("images", yolo_files(), "train", "boxes in YOLO's text files"),
}


@pytest.mark.parametrize("layout", SOURCES)
@pytest.mark.parametrize("kind", ["folder", ".zip", ".tar"])
def test_each_box_is_an_image_of_its_class(
    tmp_path: Path, write: Write, layout: str, kind: str
) -> None:
    prefix, files, split, called = SOURCES[layout]
    source = (
        write(tmp_path / "set", files) if kind == "folder" else pack(tmp_path / f"set{kind}", files)
    )
    task = open_source(source, trusted=False)
    assert task.classes == ("cat", "dog")
    assert {entry.split for entry in task.entries} == {split}
    assert task.warnings == (
        f"read as a classification task of 4 crops from 2 images ({called}); "
        "detection itself is not modelled",
    )
    check_crops(task, expected_crops(prefix))


@pytest.mark.parametrize(
    ("layout", "path", "trusted"),
    [
        ("coco", "annotations/instances_val2017.json", True),
        ("yolo", "data.yaml", True),
        ("yolo", "data.yaml", False),
    ],
)
def test_the_describing_file_may_be_given(
    tmp_path: Path, write: Write, layout: str, path: str, trusted: bool
) -> None:
    prefix, files, _, _ = SOURCES[layout]
    task = open_source(write(tmp_path, files) / path, trusted=trusted)
    check_crops(task, expected_crops(prefix))
