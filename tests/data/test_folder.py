import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import draw_sample
from task2vec.data.task import ImageEntry, Task
from task2vec.errors import SourceError

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]


@pytest.fixture
def two(tmp_path: Path, png: Png, write: Write) -> Path:
    """Two classes of two images each."""
    names = ["rose/1.png", "rose/2.png", "tulip/3.png", "tulip/4.png"]
    return write(tmp_path / "flowers", {name: png(i) for i, name in enumerate(names)})


def keys(task: Task) -> list[str]:
    return [entry.key for entry in task.entries]


def test_a_folder_becomes_a_task_without_being_read(two: Path) -> None:
    (two / "rose" / "1.png").write_bytes(b"no image")
    task = open_source(two)
    assert (task.name, task.source) == ("flowers", str(two))
    assert task.classes == ("rose", "tulip")
    assert task.entries == (
        ImageEntry("rose/1.png", 0, None),
        ImageEntry("rose/2.png", 0, None),
        ImageEntry("tulip/3.png", 1, None),
        ImageEntry("tulip/4.png", 1, None),
    )
    assert task.warnings == ()


def test_the_reader_gives_the_bytes_of_the_wanted_keys(two: Path, png: Png) -> None:
    reader = open_source(two).reader
    assert list(reader.read(["tulip/3.png", "rose/2.png"])) == [
        ("rose/2.png", png(1)),
        ("tulip/3.png", png(2)),
    ]


def test_splits_are_recognised_and_chosen(tmp_path: Path, png: Png, write: Write) -> None:
    names = ["train/rose/1.png", "train/tulip/2.png", "valid/rose/3.png", "test/tulip/4.png"]
    task = open_source(write(tmp_path, {name: png(i) for i, name in enumerate(names)}))
    assert task.splits == ("train", "val", "test")
    assert keys(task.only("val")) == ["valid/rose/3.png"]
    assert task.only("test").entries == (ImageEntry("test/tulip/4.png", 1, "test"),)


def test_the_signature_follows_the_source(two: Path, png: Png, tmp_path: Path) -> None:
    before = open_source(two)
    assert open_source(two, name="other").signature == before.signature
    moved = two.rename(tmp_path / "moved")
    assert open_source(moved).signature == before.signature
    (moved / "rose" / "2.png").write_bytes(png(9) + b"longer")
    changed = open_source(moved).signature
    assert changed != before.signature
    (moved / "rose" / "2.png").rename(moved / "tulip" / "2.png")
    assert open_source(moved).signature not in (before.signature, changed)


def test_hidden_and_system_files_are_ignored_and_counted(two: Path, png: Png, write: Write) -> None:
    write(
        two,
        {
            ".DS_Store": b"x",
            "rose/.hidden.png": png(0),
            "rose/Thumbs.db": b"x",
            "__MACOSX/rose/._1.png": b"x",
            "__MACOSX/rose/._2.png": b"x",
            ".git/config": b"x",
        },
    )
    task = open_source(two)
    assert len(task.entries) == 4
    assert task.warnings == ("5 hidden or system entries ignored, such as .DS_Store",)


def test_other_types_are_counted_by_suffix(two: Path, write: Write) -> None:
    write(two, {"notes.txt": b"", "rose/a.svg": b"", "rose/b.svg": b"", "rose/LICENCE": b""})
    assert open_source(two).warnings == (
        "4 files left out, not images: .svg (2), .txt (1), no suffix (1)",
    )


def test_suffixes_count_in_either_case(two: Path, png: Png, write: Write) -> None:
    write(two, {"rose/5.PNG": png(5), "rose/6.JpG": png(6)})
    assert {"rose/5.PNG", "rose/6.JpG"} <= set(keys(open_source(two)))


def test_links_are_not_followed_but_reported(two: Path, tmp_path: Path, png: Png) -> None:
    outside = tmp_path / "secret.png"
    outside.write_bytes(png(77))
    (two / "rose" / "inside.png").symlink_to(two / "rose" / "1.png")
    (two / "rose" / "outside.png").symlink_to(outside)
    (two / "rose" / "dangling.png").symlink_to(two / "nowhere.png")
    (two / "rose" / "loop").symlink_to(two)
    (two / "rose" / "itself.png").symlink_to(two / "rose" / "itself.png")
    task = open_source(two)
    assert len(task.entries) == 4
    assert task.warnings == (
        "2 entries left out (symbolic link to nothing): rose/dangling.png, rose/itself.png",
        "2 entries left out (symbolic link to something inside, not followed): "
        "rose/inside.png, rose/loop",
        "1 entry left out (symbolic link to something outside, not followed): rose/outside.png",
    )


def test_the_source_itself_may_be_a_link(two: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(two)
    assert keys(open_source(tmp_path / "link")) == keys(open_source(two))


def test_sockets_and_pipes_are_not_opened(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(two / "rose" / "pipe.png")
    monkeypatch.chdir(two / "rose")
    with socket.socket(socket.AF_UNIX) as channel:
        channel.bind("socket.png")
        task = open_source(two)
    assert len(task.entries) == 4
    assert task.warnings == (
        "2 entries left out (neither file nor folder): rose/pipe.png, rose/socket.png",
    )


def test_what_may_not_be_opened_is_reported(unprivileged: Path, png: Png, write: Write) -> None:
    Image.init()
    labels = ("rose", "tulip", "daisy")
    folder = write(
        unprivileged / "flowers",
        {f"{label}/{i}.png": png(ord(label[0]) + i) for label in labels for i in (0, 1)},
    )
    (folder / "daisy").chmod(0)
    (folder / "rose" / "0.png").chmod(0)
    try:
        task = open_source(folder)
        assert task.classes == ("rose", "tulip")
        assert task.warnings == (
            "1 entry left out (folder not opened, permission denied): daisy",
            "1 class folder without images: daisy",
        )
        sample = draw_sample(task, images=10, seed=0, transform=np.asarray)
        assert sample.warnings == (
            "1 of 4 images could not be read: rose/0.png (permission denied)",
        )
        folder.chmod(0)
        with pytest.raises(SourceError, match="permission denied"):
            open_source(folder)
    finally:
        folder.chmod(0o700)
        (folder / "daisy").chmod(0o700)


def test_strange_names_are_read_as_they_are(tmp_path: Path, png: Png, write: Write) -> None:
    names = [
        f"{'x' * 200}/{'y' * 200}.png",
        "rosé/ein Bild.png",
        "rose\u0301/日本語 😀.png",
        '-rf/\'; drop "table".png',
        "new\nline/a\tb.png",
    ]
    root = write(tmp_path / "names", {name: png(i) for i, name in enumerate(names)})
    task = open_source(root)
    assert set(keys(task)) == set(names)
    # The composed and the decomposed é are one class.
    assert len(task.classes) == 4
    assert dict(task.reader.read(names)) == {name: png(i) for i, name in enumerate(names)}


def test_names_that_are_not_utf8_can_be_read_and_stored(
    tmp_path: Path, png: Png, write: Write
) -> None:
    root = write(tmp_path / "latin", {"tulip/1.png": png(1)})
    folder = os.fsencode(root) + b"/ros\xe9"
    os.mkdir(folder)  # noqa: PTH102
    with open(folder + b"/\xff.png", "wb") as file:  # noqa: PTH123
        file.write(png(2))
    task = open_source(root)
    assert task.classes == ("ros\\xe9", "tulip")
    assert dict(task.reader.read(keys(task))) == {
        "ros\\xe9/\\xff.png": png(2),
        "tulip/1.png": png(1),
    }


def test_class_folders_without_images_and_with_one_are_reported(
    two: Path, png: Png, write: Write
) -> None:
    (two / "daisy").mkdir()
    write(two, {"lily/1.png": png(1), "cover.png": png(2)})
    task = open_source(two)
    assert task.classes == ("lily", "rose", "tulip")
    assert task.warnings == (
        "1 image left out, lying in no class folder: cover.png",
        "1 class folder without images: daisy",
        "1 class with one image only: lily",
    )


@pytest.mark.parametrize(
    ("files", "problem", "remedy"),
    [
        ({}, "holds no images", "Images are files that end in"),
        ({"rose/a.txt": b"", "tulip/b.pdf": b""}, "holds no images", "Images are files"),
        ({"1.png": b"x", "2.png": b"x"}, "images but no classes", "one folder per class"),
        ({"rose/1.png": b"x"}, "only one class", "images of another class"),
        (
            {"train/rose/1.png": b"x", "val/rose/1.png": b"x"},
            "only one class",
            "images of another class",
        ),
        ({"train/1.png": b"x", "val/2.png": b"x"}, "images but no classes", "one folder per class"),
    ],
)
def test_what_is_no_labelled_image_set_says_so(
    tmp_path: Path, write: Write, files: dict[str, bytes], problem: str, remedy: str
) -> None:
    root = write(tmp_path / "source", files)
    with pytest.raises(SourceError, match=problem) as caught:
        open_source(root)
    assert remedy in (caught.value.remedy or "")
    assert str(root) in str(caught.value)
