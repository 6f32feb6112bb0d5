import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.open import open_source
from task2vec.data.paths import tidied
from task2vec.data.task import Task
from task2vec.errors import SettingError, SourceError

Png = Callable[[int], bytes]
Write = Callable[[Path, Mapping[str, bytes]], Path]


@pytest.fixture
def task() -> Task:
    return task_from_arrays(np.zeros((4, 2, 2), dtype=np.uint8), [0, 1, 0, 1], name="zeros")


def test_a_task_is_a_source(task: Task) -> None:
    assert open_source(task) is task
    renamed = open_source(task, name="noughts")
    assert (renamed.name, renamed.entries) == ("noughts", task.entries)


def test_a_name_can_be_given(tmp_path: Path, png: Png, write: Write) -> None:
    write(tmp_path / "set.v1", {"rose/1.png": png(1), "tulip/2.png": png(2)})
    assert open_source(str(tmp_path / "set.v1")).name == "set.v1"
    assert open_source(tmp_path / "set.v1", name="flowers").name == "flowers"


def test_a_relative_source_is_remembered_whole(
    tmp_path: Path, png: Png, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "set", {"rose/1.png": png(1), "tulip/2.png": png(2)})
    monkeypatch.chdir(tmp_path / "set")
    task = open_source(".")
    assert (task.name, task.source) == ("set", str(tmp_path / "set"))
    monkeypatch.chdir(tmp_path)
    assert dict(task.reader.read(["rose/1.png"])) == {"rose/1.png": png(1)}


def test_a_path_is_remembered_without_detours(
    tmp_path: Path, png: Png, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "set", {"rose/1.png": png(1), "tulip/2.png": png(2)})
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    assert open_source("./other/..//set/").source == str(tmp_path / "set")
    # Behind a link `..` is the folder above what the link leads to.
    write(tmp_path / "far" / "set", {"fern/1.png": png(1), "moss/2.png": png(2)})
    (tmp_path / "far" / "deep").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "deep")
    assert open_source("link/../set").classes == ("fern", "moss")
    for given, shown in [
        ("./other/../set", "./set"),
        ("other/.//../set", "set"),
        ("./set", "./set"),
        ("set", "set"),
        ("../nosuch//set", "../nosuch//set"),
        ("link/../set", "link/../set"),
        ("https://example.org", "https://example.org"),
    ]:
        assert tidied(given) == shown


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("missing", "missing cannot be opened: got no such file"),
        ("missing.zip", "missing.zip cannot be opened"),
        ("https://example.org/set.zip", "cannot be opened"),
        ("x" * 5000, "cannot be opened: got file name too long"),
        ("a\0b", "is no path"),
        ("image.png", "expected a folder with one folder.*got a file that ends in '.png'"),
        ("README", "expected a folder with one folder.*got a file that ends in ''"),
    ],
)
def test_anything_else_is_refused_with_what_is_accepted(
    tmp_path: Path,
    png: Png,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    source: object,
    problem: str,
) -> None:
    monkeypatch.chdir(write(tmp_path, {"image.png": png(1), "README": b"words"}))
    with pytest.raises(SourceError, match=problem):
        open_source(source)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [7, None, ["a.png", "b.png"]])
def test_a_wrong_type_is_a_type_error_that_says_what_is_accepted(source: object) -> None:
    with pytest.raises(TypeError, match=r"expected a path.*task_from_arrays"):
        open_source(source)


def test_a_source_whose_name_is_not_utf8_can_be_named(
    tmp_path: Path, png: Png, write: Write
) -> None:
    root = write(tmp_path / os.fsdecode(b"ros\xe9"), {"a/1.png": png(1), "b/2.png": png(2)})
    task = open_source(root)
    assert (task.name, task.source) == ("ros\\xe9", str(tmp_path / "ros\\xe9"))
    assert dict(task.reader.read(["a/1.png"])) == {"a/1.png": png(1)}


def test_an_empty_path_is_refused() -> None:
    with pytest.raises(SourceError, match="source is empty: expected a folder"):
        open_source("")


def test_an_unknown_split_is_refused(task: Task) -> None:
    assert task.splits == ()
    with pytest.raises(SettingError, match="expected a task with splits, got 'train'"):
        task.only("train")
