from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from boxes import PIXELS, check_crops, yolo_files

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.data.task import ImageEntry
from task2vec.errors import SourceError

Write = Callable[[Path, Mapping[str, bytes]], Path]


def test_a_sent_yolo_file_sees_its_own_folder_only(tmp_path: Path, write: Write) -> None:
    write(tmp_path / "data", yolo_files())
    (tmp_path / "sent").mkdir()
    yaml = tmp_path / "sent" / "data.yaml"
    yaml.write_text("path: ../data\nnames: [cat, dog]\ntrain: images\n")
    assert len(open_source(yaml).entries) == 4
    with pytest.raises(SourceError, match="no usable boxes"):
        open_source(yaml, trusted=False)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2 0.5 0.5 0.5 0.5", "of an unknown class"),
        ("0.5 0.5 0.5 0.5 0.5", "of an unknown class"),
        ("-1 0.5 0.5 0.5 0.5", "of an unknown class"),
        ("0 0.5 0.5 0.5", "its line has not 5 numbers"),
        ("0 nan 0.5 0.5 0.5", "its numbers are no shares of the image"),
        ("0 50 20 10 10", "its numbers are no shares of the image"),
        ("0 0.5 0.5 -0.5 0.5", "without width or height"),
        ("cat 0.5 0.5 0.5 0.5", "its line is not of numbers"),
    ],
)
def test_lines_of_yolo_that_cannot_be_used_are_counted(
    tmp_path: Path, write: Write, line: str, why: str
) -> None:
    task = open_source(write(tmp_path, yolo_files(extra=line)))
    assert len(task.entries) == 4
    assert task.warnings[1] == f"1 box left out ({why}): images/1.png#box 3"


def test_small_boxes_of_yolo_show_when_they_are_read(tmp_path: Path, write: Write) -> None:
    task = open_source(write(tmp_path, yolo_files(extra="0 0.5 0.5 0.13 0.9")))
    assert all_images(task, transform=np.asarray).warnings == (
        "1 of 5 images could not be read: images/1.png#box 3 (a box of 14 x 54 pixels, below 16)",
    )


def test_a_polygon_counts_as_its_bounding_box(tmp_path: Path, write: Write) -> None:
    files = yolo_files()
    files["labels/1.txt"] = b"1 0.25 0.5 0.5 0 0.75 0.5 0.5 1\n"
    files["labels/0.txt"] = b"0 0.5 0.5 0.5 0.5 0.9\n"
    task = open_source(write(tmp_path, files))
    check_crops(
        task,
        {
            "images/0.png#box 1": ("cat", PIXELS[0][15:45, 25:75]),
            "images/1.png#box 1": ("dog", PIXELS[1][:, 25:75]),
        },
    )


@pytest.mark.parametrize("names", ["{0: cat, 1: dog}", "[cat, dog]", "\n  1: dog\n  0: cat"])
@pytest.mark.parametrize("place", ["../images", "/far/away/images", "./images/", "[images]"])
def test_names_and_places_in_any_spelling(
    tmp_path: Path, write: Write, names: str, place: str
) -> None:
    task = open_source(write(tmp_path, yolo_files(f"names: {names}\nval: {place}\n")))
    assert task.entries == (
        ImageEntry("images/0.png#box 1", 0, "val"),
        ImageEntry("images/0.png#box 2", 1, "val"),
        ImageEntry("images/1.png#box 1", 0, "val"),
        ImageEntry("images/1.png#box 2", 1, "val"),
    )


def test_splits_may_be_lists_of_images(tmp_path: Path, write: Write) -> None:
    files = yolo_files("names: [no, yes]\ntrain: train.txt\ntest: test.txt\n")
    files |= {"train.txt": b"./images/0.png\n../../etc/passwd\n", "test.txt": b"images/1.png\n"}
    task = open_source(write(tmp_path, files))
    assert task.classes == ("no", "yes")
    assert {(e.key.split("#")[0], e.split) for e in task.entries} == {
        ("images/0.png", "train"),
        ("images/1.png", "test"),
    }


BOMB = "a: &a [x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)
)


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        (BOMB, "aliases are not accepted"),
        ("names: [", "is no YAML"),
        ("names: " + "[" * 20_000, "is no YAML"),
        ("names: 7\n", "does not name the classes"),
        ("names: [a, [b]]\n", "does not name the classes"),
        ("names: [a, b]\n" + "#" * 300_000, "is too large"),
        ("names: !!python/object/apply:os.system [id]\n", "no usable boxes|is no YAML|one class"),
    ],
)
def test_hostile_yaml_is_refused(tmp_path: Path, write: Write, yaml: str, problem: str) -> None:
    root = write(tmp_path, yolo_files(yaml))
    with pytest.raises(SourceError, match=problem):
        open_source(root)
    with pytest.raises(SourceError, match=problem):
        open_source(root / "data.yaml", trusted=False)
