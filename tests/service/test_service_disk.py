"""A full disk can be emptied: on a small disk of its own, filled to the last byte."""

import pytest
from small_disk import MIB, crowd, fill, is_full, small_disk

from task2vec.errors import StoreFullError
from task2vec.service import datasets, disk, doctor
from task2vec.service.workspace import Workspace
from task2vec.types import DatasetRecord


@pytest.fixture
def place(tmp_path):
    with small_disk(tmp_path / "disk") as found:
        yield found


def add_dataset(workspace: Workspace, number: int, size: int) -> DatasetRecord:
    file = f"datasets/dst_{number}.zip"
    (workspace.path / "datasets").mkdir(exist_ok=True)
    (workspace.path / file).write_bytes(bytes(size))
    return workspace.store().datasets.add(
        DatasetRecord(
            id=f"dst_{number}",
            name=f"set {number}",
            bytes=size,
            sha256=f"{number:064x}",
            format=".zip",
            images=4,
            classes=2,
            file=file,
            expires=1e10,
        )
    )


@pytest.fixture
def workspace(place):
    with Workspace(place / "store") as opened:
        opened.store(create=True)
        yield opened


def test_a_data_set_is_deleted_from_a_full_disk_and_makes_room(workspace, place):
    kept = [add_dataset(workspace, number, 12 * MIB) for number in range(2)]
    assert disk.keep_reserve(workspace.path)
    crowd(workspace.store(), place)
    with pytest.raises(StoreFullError):
        workspace.store().datasets.remove(kept[0].id)

    assert datasets.remove_dataset(workspace, kept[0].id) == kept[0]

    assert not (workspace.path / kept[0].file).exists()
    assert (workspace.path / kept[1].file).exists()
    assert not is_full(workspace.store())
    # What was deleted is more than the reserve: that is there again for the next time.
    assert (workspace.path / "reserve").stat().st_size == disk.RESERVE_BYTES
    crowd(workspace.store(), place)
    assert datasets.remove_dataset(workspace, kept[1].id) == kept[1]


def test_without_a_reserve_it_is_said_that_the_disk_is_full(workspace, place):
    kept = add_dataset(workspace, 0, MIB)
    crowd(workspace.store(), place)
    with pytest.raises(StoreFullError):
        datasets.remove_dataset(workspace, kept.id)
    assert (workspace.path / kept.file).exists()
    assert workspace.store().datasets.get(kept.id) == kept


def test_what_is_over_is_swept_from_a_full_disk(workspace, place):
    kept = add_dataset(workspace, 0, 12 * MIB)
    assert disk.keep_reserve(workspace.path)
    crowd(workspace.store(), place)
    assert datasets.sweep(workspace, 2e10) == [kept]


def test_the_reserve_takes_the_room_that_it_stands_for(workspace):
    before = disk.disk_of(workspace.path).free
    assert disk.keep_reserve(workspace.path)
    assert before - disk.disk_of(workspace.path).free >= disk.RESERVE_BYTES
    assert disk.keep_reserve(workspace.path)


def test_no_reserve_is_made_where_there_is_no_room(workspace, place):
    fill(place)
    assert not disk.keep_reserve(workspace.path)
    assert not (workspace.path / "reserve").exists()


def test_the_doctor_tells_of_the_disk_before_it_is_full(workspace, place):
    (check,) = (each for each in doctor.examine(workspace.path) if each.name == "disk")
    assert (check.state, "GB are free" in check.found) == ("fine", True)
    with (place / "other").open("wb") as file:
        file.write(bytes(disk.disk_of(workspace.path).free - 2 * MIB))
    (check,) = (each for each in doctor.examine(workspace.path) if each.name == "disk")
    assert check.state == "note"
    assert "nearly full" in check.found
    assert "task2vec remove" in check.remedy


@pytest.mark.parametrize(
    ("total", "free", "low"),
    [
        (100 << 30, (1 << 30) - 1, True),
        (100 << 30, 1 << 30, False),
        (1 << 30, (1 << 30) // 20 - 1, True),
        (1 << 30, (1 << 30) // 20 + 1, False),
    ],
)
def test_a_disk_is_low_below_both_bounds(total, free, low):
    assert disk.Disk(total=total, free=free).is_low == low
