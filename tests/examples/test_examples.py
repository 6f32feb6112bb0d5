"""The example tasks as they lie in the repository: sound, small, disjoint, described."""

import hashlib
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MOST_BYTES = 10_000_000
DESCRIBED = tomllib.loads((EXAMPLES / "tasks.toml").read_text("utf-8"))
ENTRIES = [
    *DESCRIBED["tasks"].values(),
    *(part for task in DESCRIBED["held_back"].values() for part in task.values()),
]
FOLDERS = sorted(
    [*(EXAMPLES / "tasks").iterdir(), *(EXAMPLES / "held_back").glob("*/*")],
    key=lambda folder: folder.as_posix(),
)


def images_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def pixels_of(path: Path) -> bytes:
    """Return a digest of an image's size and RGB pixels; decoding it is part of the check."""
    with Image.open(path) as image:
        assert image.mode in {"RGB", "L"}, f"{path} is {image.mode}"
        assert min(image.size) >= 24, f"{path} is {image.size}"
        rgb = image.convert("RGB")
    return hashlib.sha256(repr(rgb.size).encode() + rgb.tobytes()).digest()


def typeface_of(path: Path) -> str:
    """Return the family of the font that a letter was drawn with: ``Lato`` of Lato-Italic.jpg."""
    return re.split(r"[-_]", path.stem)[0]


@pytest.fixture(scope="module")
def digests() -> dict[Path, bytes]:
    return {path: pixels_of(path) for folder in FOLDERS for path in images_of(folder)}


def test_everything_together_stays_small() -> None:
    total = sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file())
    assert total <= MOST_BYTES


def test_there_are_enough_tasks_and_families_with_several() -> None:
    families = defaultdict(set)
    for name, task in DESCRIBED["tasks"].items():
        families[task["family"]].add(name)
    assert sum(map(len, families.values())) >= 12
    assert sum(len(names) >= 2 for names in families.values()) >= 4


def test_the_file_names_every_folder_and_no_other() -> None:
    assert sorted(EXAMPLES / entry["folder"] for entry in ENTRIES) == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_task_holds_folders_of_images_with_plain_names(folder: Path) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", folder.name)
    classes = sorted(folder.iterdir())
    assert len(classes) >= 3
    for label in classes:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", label.name)
        assert len(images_of(label)) >= 6
        assert {path.suffix for path in label.iterdir()} <= {".png", ".jpg"}


def test_no_two_images_anywhere_have_the_same_pixels(digests: dict[Path, bytes]) -> None:
    # One claim for three: none within a task, between tasks, or between train and test.
    paths = defaultdict(list)
    for path, digest in digests.items():
        paths[digest].append(path.relative_to(EXAMPLES).as_posix())
    assert [same for same in paths.values() if len(same) > 1] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_image_is_empty(folder: Path) -> None:
    for path in images_of(folder):
        with Image.open(path) as image:
            assert np.asarray(image.convert("L"), dtype=np.float64).std() > 0.5, path


def test_the_held_back_task_is_split_by_typeface() -> None:
    parts = EXAMPLES / "held_back" / "cyrillic_capitals"
    letters = [EXAMPLES / "tasks" / name for name in ("greek_capitals", "latin_small_letters")]
    seen = [path for folder in (*letters, parts / "train") for path in images_of(folder)]
    held_back = images_of(parts / "test")
    assert not {typeface_of(path) for path in seen} & {typeface_of(path) for path in held_back}
    assert {path.name for path in (parts / "train").iterdir()} == {
        path.name for path in (parts / "test").iterdir()
    }
    assert len(held_back) >= 150


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["folder"])
def test_counts_are_those_on_disk(entry: dict[str, Any]) -> None:
    folder = EXAMPLES / entry["folder"]
    assert entry["classes"] == len(list(folder.iterdir()))
    assert entry["images"] == len(images_of(folder))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["folder"])
def test_licence_and_source_are_stated_in_the_table_and_the_notice(entry: dict[str, Any]) -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (EXAMPLES / "README.md").read_text("utf-8").splitlines()
        if f"]({entry['folder']})" in line
    ]
    assert len(rows) == 1
    _, family, classes, images, _, _, licence, attribution = rows[0]
    assert (family, int(classes), int(images)) == (
        entry["family"],
        entry["classes"],
        entry["images"],
    )
    assert entry["licence"]
    assert licence == f"[{entry['licence']}]({entry['notice']})"
    assert attribution == entry["attribution"]
    notice = " ".join((EXAMPLES / entry["notice"]).read_text("utf-8").split())
    assert Path(entry["folder"]).parts[1] in notice
    for package in entry["packages"]:
        assert package in notice
