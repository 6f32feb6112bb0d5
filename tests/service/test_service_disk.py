"""A full disk can be emptied: on a small disk of its own, filled to the last byte."""

import os
from threading import Thread

import pytest
from small_disk import MIB, crowd, fill, is_full, small_disk

from task2vec.errors import StoreFullError
from task2vec.messages.datasets import StoredDataset
from task2vec.service import disk, doctor
from task2vec.service.datasets import datasets
from task2vec.service.workspace import Workspace


@pytest.fixture
def place(tmp_path):
    with small_disk(tmp_path / "disk") as found:
        yield found


def add_dataset(workspace: Workspace, number: int, size: int) -> StoredDataset:
    file = f"datasets/dst_{number}.zip"
    (workspace.path / "datasets").mkdir(exist_ok=True)
    (workspace.path / file).write_bytes(bytes(size))
    return workspace.store().datasets.add(
        StoredDataset(
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


@pytest.mark.parametrize("size", [6 * MIB, 100], ids=["6 MiB", "100 bytes"])
def test_a_disk_that_is_full_again_and_again_is_emptied_each_time(workspace, place, size):
    kept = [add_dataset(workspace, number, size) for number in range(4)]
    assert disk.keep_reserve(workspace.path)
    for record in kept:
        crowd(workspace.store(), place)
        assert datasets.remove_dataset(workspace, record.id) == record
    assert workspace.store().datasets.page(limit=9) == []


def test_a_reserve_that_was_used_is_made_anew_as_soon_as_it_fits(workspace, place):
    kept = add_dataset(workspace, 0, 100)
    assert disk.keep_reserve(workspace.path)
    crowd(workspace.store(), place)
    datasets.remove_dataset(workspace, kept.id)
    fill(place)
    assert not disk.keep_reserve(workspace.path)
    give_back(place, MIB)
    assert disk.keep_reserve(workspace.path)
    assert (workspace.path / "reserve").stat().st_size == disk.RESERVE_BYTES


def test_a_first_reserve_leaves_as_much_room_as_it_takes(workspace, place):
    fill(place)
    give_back(place, 2 * disk.RESERVE_BYTES - MIB)
    assert not disk.keep_reserve(workspace.path)
    give_back(place, MIB)
    assert disk.keep_reserve(workspace.path)
    assert disk.disk_of(workspace.path).free >= disk.RESERVE_BYTES


def test_nobody_takes_the_room_of_the_reserve_from_a_deletion(workspace, place):
    kept = add_dataset(workspace, 0, 100)
    assert disk.keep_reserve(workspace.path)
    crowd(workspace.store(), place)
    tries, upkeep = [], Thread(target=disk.keep_reserve, args=[workspace.path])

    def delete():
        if tries:
            upkeep.start()
            upkeep.join(0.2)
        tries.append(disk.disk_of(workspace.path).free)
        return workspace.store().datasets.remove(kept.id)

    assert disk.delete_though_full(workspace.path, delete) == kept
    upkeep.join()
    assert tries[1] - tries[0] >= disk.RESERVE_BYTES


def give_back(place, size):
    """Free some bytes of what `fill` has taken."""
    other = place / "other"
    os.truncate(other, other.stat().st_size - size)


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
