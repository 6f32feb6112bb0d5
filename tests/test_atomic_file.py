"""A file that is replaced is the old one or the new one, whatever happens in between."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import pytest

from task2vec.atomic_file import atomic_file, check_place, make_folder, move_durably


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "answer.txt"
    path.write_text("old")
    return path


def names(folder):
    return [each.name for each in folder.iterdir()]


def test_it_appears_when_the_block_ends(path):
    with atomic_file(path) as partial:
        assert partial.parent == path.parent
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(path.parent) == ["answer.txt"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failure_half_way_leaves_the_old_file(path, failure):
    def write():
        with atomic_file(path) as partial:
            partial.write_text("ne")
            raise failure

    with pytest.raises(failure):
        write()
    assert path.read_text() == "old"
    assert names(path.parent) == ["answer.txt"]


def test_what_a_killed_process_left_long_ago_goes_with_the_next_write(path):
    folder = path.parent
    program = """
import os, signal, sys
from pathlib import Path
from task2vec.atomic_file import atomic_file
with atomic_file(Path(sys.argv[1])) as partial:
    partial.write_text("ne")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    (left,) = (each for each in folder.iterdir() if each != path)
    # Somebody on another machine may be writing it.
    path_of_others = folder / ".notes.1.partial"
    path_of_others.write_text("not ours")
    with atomic_file(path) as partial:
        partial.write_text("new")
    assert left.exists()
    for each in (left, path_of_others):
        os.utime(each, (1, 1))
    with atomic_file(path) as partial:
        partial.write_text("newer")
    assert path.read_text() == "newer"
    assert sorted(names(folder)) == [path_of_others.name, "answer.txt"]


def test_a_full_disk_leaves_the_old_file(path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"), atomic_file(path) as partial:
            partial.write_text("new" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_text() == "old"
    assert names(path.parent) == ["answer.txt"]


def test_it_is_on_the_disk_before_it_takes_the_name(path, monkeypatch):
    # A disk may find out only now that it is full.
    def full(descriptor):
        assert os.pread(descriptor, 9, 0) == b"new"
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic_file(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "old"
    assert names(path.parent) == ["answer.txt"]


@pytest.fixture
def synced(monkeypatch):
    """The files and folders that were synced, in order, as the system names them."""
    found, fsync = [], os.fsync

    def watched(file):
        found.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        fsync(file)

    monkeypatch.setattr(os, "fsync", watched)
    return found


def test_a_move_is_on_the_disk_with_every_folder_that_was_made_for_it(path, synced):
    target = path.parent / "quarantine" / "experts" / "answer.txt"
    move_durably(path, target)
    assert target.read_text() == "old"
    # Of each folder the parent, which names it, and at last the one that names the file.
    made = [path.parent, target.parents[1], target.parent]
    assert synced == [str(folder) for folder in made]
    synced.clear()
    move_durably(target, target.with_name("again.txt"))
    assert synced == [str(target.parent)]


def test_a_folder_is_made_with_its_mode_and_one_that_is_there_is_left_alone(tmp_path, synced):
    make_folder(tmp_path / "a" / "b", mode=0o700)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    assert synced == [str(tmp_path), str(tmp_path / "a")]
    make_folder(tmp_path / "a" / "b", mode=0o755)
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    assert len(synced) == 2


def test_a_killed_process_leaves_the_old_file_and_its_number(path):
    script = """
import os, pathlib, signal, sys
from task2vec.atomic_file import check_place, make_folder, move_durably, atomic_file
with atomic_file(pathlib.Path(sys.argv[1])) as partial:
    partial.write_text("ne")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.Popen([sys.executable, "-c", script, str(path)])
    assert killed.wait() == -signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = path.parent.glob(".*.partial")
    assert left.name.split(".")[-2] == str(killed.pid)


def test_of_several_at_once_one_stays_whole(path):
    together = Barrier(4)

    def write(letter):
        with atomic_file(path) as partial:
            together.wait()
            partial.write_text(letter * 1000)
            together.wait()

    threads = [Thread(target=write, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in {letter * 1000 for letter in "abcd"}
    assert names(path.parent) == ["answer.txt"]


def test_a_name_may_be_as_long_as_the_system_lets_it(tmp_path):
    with atomic_file(tmp_path / ("x" * 255)) as partial:
        partial.write_text("new")
    assert (tmp_path / ("x" * 255)).read_text() == "new"


@pytest.mark.parametrize(
    ("place", "reason"),
    [("missing/x", "No such file"), ("answer.txt/x", "Not a directory"), ("folder", "directory")],
)
def test_a_place_that_cannot_be_written_is_told_as_what_it_is(path, place, reason):
    (path.parent / "folder").mkdir()
    with pytest.raises(OSError, match=reason), atomic_file(path.parent / place) as partial:
        partial.write_text("new")
    assert sorted(names(path.parent)) == ["answer.txt", "folder"]


def test_a_place_that_takes_a_file_is_left_as_it_was(path):
    check_place(path)
    check_place(path.with_name("new.txt"))
    assert names(path.parent) == ["answer.txt"]
    assert path.read_text() == "old"


def test_a_place_that_takes_none_is_refused(path):
    with pytest.raises(FileNotFoundError):
        check_place(path.parent / "nowhere" / "x.txt")
    with pytest.raises(NotADirectoryError):
        check_place(path / "x.txt")
    with pytest.raises(IsADirectoryError):
        check_place(path.parent)
