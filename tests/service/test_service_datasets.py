"""Data sets are taken in whole or not at all, kept for a while, and never from under a job."""

import errno
import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from small_store import cut
from sqlalchemy import insert

from task2vec.errors import (
    SettingError,
    SourceError,
    StateError,
    StoreFullError,
    TooLargeError,
    UnknownNameError,
)
from task2vec.messages.datasets import StoredDataset
from task2vec.service import uploads
from task2vec.service.datasets import datasets
from task2vec.service.quarantine import list_aside
from task2vec.service.workspace import Workspace
from task2vec.store.sql.schema_service import jobs
from task2vec.types import JobState

NOW = 1_000_000.0


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "store") as opened:
        opened.store(create=True)
        yield opened


@pytest.fixture(scope="session")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = cut("fashion_tops", tmp_path_factory.mktemp("zipped") / "tops", classes=3, images=4)
    with zipfile.ZipFile(folder.with_suffix(".zip"), "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, path.relative_to(folder))
    return folder.with_suffix(".zip").read_bytes()


@pytest.fixture
def send(workspace: Workspace) -> Callable[..., StoredDataset]:
    def send(data: bytes, *, name: str = "tops", suffix: str = ".zip", **more) -> StoredDataset:
        with uploads.begin_upload(workspace, largest=10**8) as upload:
            upload.write(data)
            upload.close()
            given = {"retention": 60.0, "now": NOW, "sha256": upload.sha256, **more}
            return datasets.accept(workspace, upload.path, name=name, suffix=suffix, **given)

    return send


def files(workspace: Workspace) -> set[str]:
    folders = ("uploads", "datasets")
    found = (path for f in folders for path in (workspace.path / f).glob("*"))
    return {path.relative_to(workspace.path).as_posix() for path in found}


def need(
    workspace: Workspace, *, state: JobState, dataset: str | None, payload: str = "{}"
) -> None:
    """Put a job into the store that reads a data set."""
    row = {
        "id": f"job_{state}",
        "kind": "embed",
        "state": state.value,
        "priority": 1,
        "payload": payload,
        "progress": "{}",
        "attempts": 0,
        "fence": 0,
        "not_before": 0.0,
        "quarantined": False,
        "dataset": dataset,
        "created": "",
    }
    with workspace.store()._database.write() as connection:
        connection.execute(insert(jobs).values(row))


def test_what_was_sent_is_listed_and_read_back(workspace, send, zipped: bytes) -> None:
    record = send(zipped, owner="key_1")

    assert datasets.get_dataset(workspace, record.id) == record
    assert (record.name, record.format, record.owner) == ("tops", ".zip", "key_1")
    assert (record.images, record.classes, record.bytes) == (12, 3, len(zipped))
    assert record.expires.timestamp() == NOW + 60
    assert datasets.source_path(workspace, record).read_bytes() == zipped
    assert files(workspace) == {record.file}


def test_the_same_bytes_under_the_same_name_are_one_data_set(workspace, send, zipped) -> None:
    first = send(zipped)
    longer, shorter = send(zipped, now=NOW + 30), send(zipped, now=NOW - 30)
    other = send(zipped, name="other tops")

    assert (longer.id, longer.expires.timestamp()) == (first.id, NOW + 90)
    assert (shorter.id, shorter.expires.timestamp()) == (first.id, NOW + 90)
    assert other.id != first.id
    assert files(workspace) == {first.file, other.file}


def test_bytes_that_vanished_are_put_back_by_sending_them_again(workspace, send, zipped) -> None:
    first = send(zipped)
    (workspace.path / first.file).unlink()
    with pytest.raises(SourceError, match="gone"):
        datasets.source_path(workspace, first)

    assert send(zipped).id == first.id
    assert datasets.source_path(workspace, first).read_bytes() == zipped


@pytest.mark.parametrize(
    ("data", "given", "error"),
    [
        (b"no archive", {}, SourceError),
        (b"", {"suffix": ".tar"}, SourceError),
        (b"path,label\n/etc/passwd,a\n", {"suffix": ".csv"}, SourceError),
        (b"x", {"suffix": ".exe"}, SourceError),
        (None, {"name": "tsk_0123456789abcdef"}, SettingError),
        (None, {"name": "a\nb"}, SettingError),
        (None, {"suffix": ".npz"}, SourceError),
    ],
)
def test_what_cannot_be_used_leaves_nothing(
    workspace, send, zipped, data: bytes | None, given: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        send(zipped if data is None else data, **given)

    assert str(workspace.path) not in str(raised.value)
    assert files(workspace) == set()
    assert datasets.list_datasets(workspace, limit=10).items == []


def test_what_is_refused_has_the_name_that_the_sender_gave_it(send, tmp_path: Path) -> None:
    # A client packs a folder: its owner knows of no tar.
    folder = cut("fashion_tops", tmp_path / "single", classes=1, images=3)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(folder, ".")

    with pytest.raises(SourceError, match=r"^single has only one class"):
        send((tmp_path / "a.tar").read_bytes(), name="single", suffix=".tar")


@pytest.mark.parametrize("label", ["\x1b[31mA", "b\nX", "a\u202eb", "x" * 201])
def test_classes_that_cannot_be_shown_are_refused(workspace, send, label: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in (label, "plain"):
            archive.writestr(f"{name}/1.png", b"x")
    with pytest.raises(SourceError, match="cannot be shown") as caught:
        send(data.getvalue())
    assert str(caught.value).isprintable()
    assert files(workspace) == set()


def test_an_array_bomb_is_refused_unread(workspace, send, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.npz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(2):
            with archive.open(f"{part}.npy", "w", force_zip64=True) as member:
                member.write(bytes(2**27 + 1))
    assert bomb.stat().st_size < 2**21

    with pytest.raises(TooLargeError, match=r"268,435,458 bytes"):
        send(bomb.read_bytes(), suffix=".npz")
    assert files(workspace) == set()


def test_arrays_are_taken(workspace, send, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (6, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(6) % 2)

    record = send((tmp_path / "a.npz").read_bytes(), suffix=".npz")

    assert (record.images, record.classes, record.format) == (6, 2, ".npz")


def test_a_full_disk_is_told_and_keeps_nothing(
    workspace, send, zipped, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = send(zipped)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    for place in ("write", "fsync"):
        with monkeypatch.context() as patched:
            patched.setattr(os, place, full)
            with pytest.raises(StoreFullError):
                send(zipped, name="second")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(StoreFullError):
            send(zipped, name="second")

    assert files(workspace) == {kept.file}
    assert datasets.list_datasets(workspace, limit=10).items == [kept]


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("named", ["column", "payload"])
def test_a_data_set_goes_unless_a_job_under_way_needs_it(
    workspace, send, zipped, state: JobState, named: str
) -> None:
    record = send(zipped)
    question = f'{{"source":{{"dataset":"{record.id}"}}}}'
    if named == "column":
        need(workspace, state=state, dataset=record.id)
    else:
        need(workspace, state=state, dataset=None, payload=question)

    if state.final:
        assert datasets.remove_dataset(workspace, record.id) == record
        assert files(workspace) == set()
        return
    with pytest.raises(StateError, match=f"job_{state}"):
        datasets.remove_dataset(workspace, record.id)
    assert datasets.sweep(workspace, record.expires.timestamp() + 1e9) == []
    assert files(workspace) == {record.file}


def test_sweeping_takes_what_is_over_and_puts_aside_what_has_no_row(
    workspace, send, zipped
) -> None:
    over, kept = send(zipped), send(zipped, name="longer", retention=120.0)
    orphan = workspace.path / "datasets" / "dst_gone.zip"
    fresh = orphan.with_name("dst_fresh.zip")
    for path, age in ((orphan, 4000.0), (fresh, 10.0)):
        path.write_bytes(b"x")
        os.utime(path, (NOW + 61 - age, NOW + 61 - age))

    assert datasets.sweep(workspace, NOW + 59.9) == []
    assert datasets.sweep(workspace, NOW + 61) == [over]

    assert files(workspace) == {kept.file, "datasets/dst_fresh.zip"}
    (aside,) = list_aside(workspace.path)
    assert (aside.origin, aside.path.read_bytes()) == ("datasets/dst_gone.zip", b"x")
    with pytest.raises(UnknownNameError):
        datasets.get_dataset(workspace, over.id)


def test_a_start_removes_what_a_killed_server_left(workspace, send, zipped) -> None:
    kept = send(zipped)
    (workspace.path / "uploads" / "a.partial").write_bytes(b"half")

    assert uploads.sweep_uploads(workspace) == 1
    assert files(workspace) == {kept.file}


def test_a_name_points_to_the_id(workspace, send, zipped) -> None:
    record = send(zipped)
    with pytest.raises(UnknownNameError, match=f"did you mean '{record.id}'"):
        datasets.get_dataset(workspace, "tops")
    with pytest.raises(UnknownNameError, match=f"Did you mean '{record.id}'"):
        datasets.get_dataset(workspace, record.id[:-1])
