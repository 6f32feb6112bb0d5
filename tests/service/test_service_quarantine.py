"""Files without a row are put aside, listed, brought back with their row, and removed late."""

import logging
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from factories import make_model
from raw_rows import damaged
from small_store import cut, snapshot

from task2vec.errors import StoreCorruptError
from task2vec.messages.models import Model
from task2vec.service import quarantine, uploads
from task2vec.service.datasets import datasets
from task2vec.service.doctor import examine
from task2vec.service.models.experts import checkpoint, new_checkpoint, sweep_experts
from task2vec.service.workspace import Workspace
from task2vec.store.opening import DATABASE

DAY = 86_400.0
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC).timestamp()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def before(path, tmp_path):
    """A store with a data set and an expert, and its database as it was without them."""
    with Workspace(path) as workspace:
        workspace.store(create=True)
    old = tmp_path / "old.sqlite3"
    shutil.copy(path / DATABASE, old)
    source = cut("fashion_tops", tmp_path / "tops", classes=2, images=3)
    archive = tmp_path / "tops.zip"
    archive.write_bytes(zipped(source))
    with Workspace(path) as workspace:
        with uploads.begin_upload(workspace, largest=10**8) as upload:
            upload.write(archive.read_bytes())
            upload.close()
            datasets.accept(workspace, upload.path, name="tops", suffix=".zip", retention=1e9)
        (path / "experts").mkdir()
        weights = path / "experts" / "mdl_00000000000000ab.safetensors"
        weights.write_bytes(b"weights")
        workspace.store().models.add(expert(weights))
    return old


def zipped(folder: Path) -> bytes:
    return Path(shutil.make_archive(str(folder), "zip", folder)).read_bytes()


def expert(path: Path) -> Model:
    with path.open("rb") as file:
        from hashlib import file_digest

        digest = file_digest(file, "sha256").hexdigest()
    return make_model(
        "expert",
        id=path.stem,
        ref=f"store:experts/{path.name}",
        architecture="tf_efficientnet_lite0",
        sha256=digest,
    )


def content(path):
    found = {}
    for name in ("datasets", "experts"):
        found |= {f"{name}/{file}": data for file, data in (snapshot(path / name) or {}).items()}
    return found


def swap(path, database):
    for suffix in ("", "-wal", "-shm"):
        path.joinpath(DATABASE + suffix).unlink(missing_ok=True)
    shutil.copy(database, path / DATABASE)


def sweep(path, now):
    with Workspace(path) as workspace:
        workspace.store(create=True)
        for file in path.glob("datasets/*"):
            os.utime(file, (now - 2 * DAY, now - 2 * DAY))
        datasets.sweep(workspace, now)
        sweep_experts(workspace, now)


def test_what_another_database_does_not_know_comes_back_with_the_right_one(
    path, before, tmp_path, caplog
):
    kept = content(path)
    assert len(kept) == 2
    now = tmp_path / "now.sqlite3"
    shutil.copy(path / DATABASE, now)
    swap(path, before)
    with caplog.at_level(logging.WARNING):
        sweep(path, NOW)

    assert content(path) == {}
    aside = quarantine.list_aside(path)
    assert {each.origin: each.path.read_bytes() for each in aside} == kept
    assert {each.path.parents[1].name for each in aside} == {"2026-12-01"}
    assert sum("kept for 30 days" in record.getMessage() for record in caplog.records) == 2

    swap(path, now)
    with Workspace(path) as workspace:
        model = workspace.store().models.get("expert")
        assert checkpoint(workspace, model).is_file()
    assert content(path) == kept
    assert quarantine.list_aside(path) == []
    assert list((path / "quarantine").iterdir()) == []


def test_other_bytes_under_the_name_of_an_expert_stay_aside(path, before):
    file = next(path.glob("experts/*"))
    place = quarantine.put_aside(path, file, now=NOW)
    place.write_bytes(b"weighty")
    with Workspace(path) as workspace:
        workspace.store()
    assert not file.exists()
    assert place.read_bytes() == b"weighty"


def test_the_doctor_lists_what_lies_aside(path, before):
    swap(path, before)
    sweep(path, NOW)
    check = list(examine(path))[-1]
    assert (check.name, check.state) == ("quarantine", "note")
    assert "2 files" in check.found
    assert "since 2026-12-01" in check.found
    assert "experts/mdl_00000000000000ab.safetensors" in check.found
    assert f"task2vec doctor --clean --store {path}" in check.remedy


def test_two_files_of_one_name_and_day_are_both_kept(path, before):
    for data in (b"one", b"two", b"three"):
        orphan = path / "experts" / "mdl_0123456789abcdef.safetensors"
        orphan.write_bytes(data)
        with Workspace(path) as workspace:
            assert sweep_experts(workspace, NOW) == 1
    aside = quarantine.list_aside(path)
    assert sorted(each.path.read_bytes() for each in aside) == [b"one", b"three", b"two"]
    assert {str(each.since) for each in aside} == {"2026-12-01"}


def test_nothing_is_removed_before_thirty_days(path, before):
    swap(path, before)
    sweep(path, NOW)
    with Workspace(path) as workspace:
        store = workspace.store()
        assert quarantine.remove_old(store, now=NOW + 30 * DAY) == []
        assert len(quarantine.list_aside(path)) == 2
        assert len(quarantine.remove_old(store, now=NOW + 31 * DAY)) == 2
    assert quarantine.list_aside(path) == []


@pytest.mark.parametrize(
    "change", ["models SET parameters = 7", "datasets SET file = 'datasets/dst_other.zip'"]
)
def test_nothing_is_removed_while_a_row_is_damaged(path, before, change):
    with Workspace(path) as workspace:
        store = workspace.store()
        for file in (next(path.glob("experts/*")), next(path.glob("datasets/*"))):
            quarantine.put_aside(path, file, now=NOW)
        with damaged(path) as raw:
            assert raw.execute(f"UPDATE {change}").rowcount
        for late in (NOW + 31 * DAY, NOW + 99 * DAY):
            with pytest.raises(StoreCorruptError, match="Nothing was removed from the quarantine"):
                quarantine.remove_old(store, now=late)
        with pytest.raises(StoreCorruptError):
            quarantine.remove_aside(store)
    assert len(quarantine.list_aside(path)) == 2


def test_bytes_that_a_row_knows_are_removed_only_where_they_are_in_their_place(path, before):
    file = next(path.glob("experts/*"))
    with Workspace(path) as workspace:
        store = workspace.store()
        place = quarantine.put_aside(path, file, now=NOW)
        assert quarantine.remove_aside(store) == []
        file.write_bytes(b"damaged")
        assert quarantine.remove_aside(store) == []
        assert place.read_bytes() == b"weights"
        file.write_bytes(b"weights")
        assert [each.path for each in quarantine.remove_aside(store)] == [place]
        assert file.read_bytes() == b"weights"
        place = quarantine.put_aside(path, file, now=NOW)
        place.write_bytes(b"other bytes")
        assert [each.path for each in quarantine.remove_aside(store)] == [place]


def test_a_new_checkpoint_puts_aside_and_removes_nothing(path, before):
    swap(path, before)
    with Workspace(path) as workspace:
        workspace.store()
        with new_checkpoint(workspace):
            pass
    assert [each.path.read_bytes() for each in quarantine.list_aside(path)] == [b"weights"]


def test_what_cannot_be_moved_stays_where_it_is(path, before, monkeypatch):
    swap(path, before)
    kept = content(path)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("task2vec.service.quarantine.move_durably", full)
    sweep(path, NOW)
    assert content(path) == kept


def test_an_upload_is_not_put_aside_because_its_row_is_damaged(path, before):
    kept = content(path)
    with damaged(path) as raw:
        raw.execute("UPDATE datasets SET file = 'datasets/dst_other.zip'")
    with pytest.raises(StoreCorruptError, match="data set 'tops'"):
        sweep(path, NOW)
    assert content(path) == kept
    assert quarantine.list_aside(path) == []
