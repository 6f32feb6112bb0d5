from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hostile.sent import Member, zip_of
from packed import pack

from task2vec.data.formats import rows
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.data.task import ImageEntry, Task
from task2vec.errors import SourceError

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]

NAMES = ["a.png", "b.png", "c.png", "d.png"]


@pytest.fixture
def files(png: Png) -> dict[str, bytes]:
    return {f"images/{name}": png(i) for i, name in enumerate(NAMES)}


def labels(task: Task) -> dict[str, str]:
    return {entry.key: task.classes[entry.label] for entry in task.entries}


ROSES = {f"images/{name}": "rose" if name < "c" else "tulip" for name in NAMES}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "path,label\nimages/a.png,rose\nimages/b.png,rose\nc.png,tulip\nd,tulip\n"),
        ("Annotations.CSV", "Filename,Species\na.png,rose\nb.png,rose\nc.png,tulip\nd.png,tulip\n"),
        ("train.csv", "id,colour\na,rose\nb,rose\nc,tulip\nd,tulip\n"),
        (
            "metadata.jsonl",
            "".join(f'{{"file_name": "{n}", "label": "{ROSES["images/" + n]}"}}\n' for n in NAMES),
        ),
        ("labels.txt", "# made by hand\na.png rose\nb.png rose\n\nc.png tulip\nd.png tulip\n"),
        ("labels.txt", "a.png\trose\nb.png\trose\nc.png\ttulip\nd.png\ttulip\n"),
    ],
)
@pytest.mark.parametrize("kind", ["folder", ".zip", ".tar"])
def test_a_labels_file_labels_the_images_beside_it(
    tmp_path: Path, files: dict[str, bytes], write: Write, name: str, text: str, kind: str
) -> None:
    files[name] = text.encode()
    source = (
        write(tmp_path / "set", files)
        if kind == "folder"
        else pack(tmp_path / f"set{kind}", {f"set/{k}": v for k, v in files.items()})
    )
    task = open_source(source, trusted=False)
    prefix = "" if kind == "folder" else "set/"
    assert labels(task) == {prefix + key: label for key, label in ROSES.items()}
    assert task.warnings == (f"labels read from {prefix}{name}",)
    sample = all_images(task, transform=lambda image: image.getpixel((0, 0))[0])
    assert sample.images == (0, 1, 2, 3)


def test_images_that_are_not_listed_and_lines_without_image_are_counted(
    tmp_path: Path, files: dict[str, bytes], write: Write
) -> None:
    files["labels.csv"] = b"path,label\na.png,rose\nc.png,tulip\nb.png,rose\nz.png,tulip\n"
    assert open_source(write(tmp_path, files)).warnings == (
        "labels read from labels.csv",
        "1 image left out, not listed in labels.csv: images/d.png",
        "1 listed file not found: z.png",
        "1 class with one image only: tulip",
    )


def test_files_called_like_splits_count_together(tmp_path: Path, png: Png, write: Write) -> None:
    files = {f"{split}/{n}.png": png(n) for split in ("train", "test") for n in range(4)}
    files["train.csv"] = b"image,label\n0.png,x\n1.png,y\n2.png,x\n3.png,y\n"
    files["val.csv"] = b"image,label\ntrain/3.png,y\n"
    files["test.csv"] = b"image\n0.png\n"
    files["train.csv"] = b"image,label\n0.png,x\n1.png,y\n2.png,x\n"
    task = open_source(write(tmp_path, files))
    assert task.entries == (
        ImageEntry("train/0.png", 0, "train"),
        ImageEntry("train/1.png", 1, "train"),
        ImageEntry("train/2.png", 0, "train"),
        ImageEntry("train/3.png", 1, "val"),
    )
    assert task.warnings[:2] == (
        "labels read from train.csv, val.csv",
        "no labels in test.csv",
    )


def test_one_file_in_each_split_folder(tmp_path: Path, png: Png, write: Write) -> None:
    files = {f"{split}/{n}.png": png(n) for split in ("train", "test") for n in range(2)}
    files |= {
        f"{s}/metadata.csv": b"file_name,label\n0.png,x\n1.png,y\n" for s in ("train", "test")
    }
    task = open_source(write(tmp_path, files))
    assert labels(task) == {
        "test/0.png": "x",
        "test/1.png": "y",
        "train/0.png": "x",
        "train/1.png": "y",
    }
    assert [entry.split for entry in task.entries] == ["test", "test", "train", "train"]


def test_class_folders_stay_where_the_file_speaks_of_something_else(
    tmp_path: Path, png: Png, write: Write
) -> None:
    files = {f"{c}/{n}.png": png(n) for c in ("rose", "tulip") for n in range(2)}
    files["labels.txt"] = b"rose\ntulip\n"
    task = open_source(write(tmp_path / "one", files))
    assert task.classes == ("rose", "tulip")
    files["labels.txt"] = b"rose 0\ntulip 1\n"
    assert open_source(write(tmp_path / "two", files)).classes == ("rose", "tulip")


def test_a_file_that_names_most_images_wins_over_folders_and_says_so(
    tmp_path: Path, png: Png, write: Write
) -> None:
    files = {f"{c}/{n}.png": png(n) for c in ("left", "right") for n in range(2)}
    rows = [f"{key},{'odd' if '1' in key else 'even'}" for key in files]
    files["labels.csv"] = "\n".join(["path,label", *rows]).encode()
    task = open_source(write(tmp_path, files))
    assert task.classes == ("even", "odd")
    assert task.warnings == ("labels read from labels.csv",)


def test_the_signature_follows_the_labels(tmp_path: Path, files: dict[str, bytes], write: Write):
    texts = ["a.png,x\nb.png,y\nc.png,x\n", "a.png,x\nb.png,y\nc.png,y\n"]
    found = set()
    for text in texts:
        write(tmp_path, {**files, "labels.csv": f"path,label\n{text}".encode()})
        found.add(open_source(tmp_path).signature)
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"path,label\n", "names none of the images: expected images/a.png.*got no lines"),
        (b"path,label\nx.png,a\n", "names none of the images.*got x.png"),
        (b"path,label\n../images/a.png,a\n/images/b.png,b\n", "names none of the images"),
        (b"", "does not name the columns"),
        (b"path,label\na.png,x\na.png,y\n", "Line 3 of labels.csv of .*otherwise in line 2"),
        (b"path,label\na.png,x\n,y\n", "Line 3 of labels.csv of .*expected a path"),
        ("path,label\na.png,rosé\n".encode("latin-1"), "labels.csv of .* is no text in UTF-8"),
        (b"path,label\na.png,x\nb.png,x\n", "has only one class"),
    ],
)
def test_an_unusable_file_is_told_where_folders_tell_nothing(
    tmp_path: Path, files: dict[str, bytes], write: Write, text: bytes, problem: str
) -> None:
    files["labels.csv"] = text
    with pytest.raises(SourceError, match=problem):
        open_source(write(tmp_path, files))


def test_names_that_several_images_bear_are_not_guessed(
    tmp_path: Path, png: Png, write: Write
) -> None:
    files = {"p/1.png": png(1), "q/1.png": png(2), "q/2.png": png(3), "q/3.png": png(4)}
    files["labels.csv"] = b"path,label\n1.png,x\n2.png,x\n3.png,y\n"
    task = open_source(write(tmp_path, files))
    assert labels(task) == {"q/2.png": "x", "q/3.png": "y"}


def test_one_name_in_two_unicode_forms_is_found(tmp_path: Path, png: Png, write: Write) -> None:
    files = {"ros\u00e9.png": png(1), "b.png": png(2)}
    files["labels.csv"] = "path,label\nrose\u0301.png,x\nb.png,y\n".encode()
    task = open_source(write(tmp_path, files))
    assert labels(task) == {"b.png": "y", "ros\u00e9.png": "x"}
    assert np.array(all_images(task, transform=np.asarray).images).shape == (2, 2, 3, 3)


def test_a_file_that_names_few_of_its_lines_does_not_win_over_folders(
    tmp_path: Path, png: Png, write: Write
) -> None:
    files = {f"{c}/{n}.png": png(n) for c in ("left", "right") for n in range(2)}
    files["labels.csv"] = b"path,label\nleft/0.png,x\nleft/1.png,y\np.png,x\nq.png,y\nr.png,y\n"
    assert open_source(write(tmp_path, files)).classes == ("left", "right")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("labels.csv", "z.png,rose\n"),
        ("labels.txt", "z.png rose\n"),
        ("labels.jsonl", '{"path": "z.png", "label": "rose"}\n'),
    ],
)
def test_a_list_of_more_lines_than_any_is_refused_though_there_are_class_folders(
    tmp_path: Path, write: Write, png: Png, name: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MAX_LINES", 100)
    files = {f"{label}/{n}.png": png(n) for label in ("rose", "tulip") for n in range(2)}
    head = "path,label\n" if name.endswith("csv") else ""
    files[name] = (head + line * 99).encode()
    assert len(open_source(write(tmp_path / "short", files)).entries) == 4
    files[name] = (head + line * 101).encode()
    with pytest.raises(SourceError, match=f"{name} of .* has too many lines: expected at most 100"):
        open_source(write(tmp_path / "long", files))


def test_a_damaged_list_in_an_archive_is_refused_though_there_are_class_folders(
    tmp_path: Path, png: Png
) -> None:
    members = [
        Member.honest(f"{label}/{n}.png", png(n)) for label in ("rose", "tulip") for n in range(2)
    ]
    spoilt = replace(Member.honest("labels.csv", b"path,label\nrose/0.png,tulip\n"), crc=1)
    (tmp_path / "set.zip").write_bytes(zip_of([*members, spoilt]))
    with pytest.raises(SourceError, match=r"labels.csv of .* cannot be read.*Bad CRC-32"):
        open_source(tmp_path / "set.zip")
