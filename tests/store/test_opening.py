import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from task2vec.errors import StoreCorruptError, StoreError
from task2vec.store import Store
from task2vec.store.opening import DATABASE

NOBODY = 65534


@pytest.fixture
def public_directory():
    """A directory that an unprivileged user can reach, which pytest's own are not."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


@contextmanager
def unprivileged():
    """Become nobody for a while if we are root, whom permissions do not bind."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def make_read_only(directory):
    for path in directory.iterdir():
        path.chmod(0o444)
    directory.chmod(0o555)


def raw_database(path, *statements):
    with closing(sqlite3.connect(path)) as raw:
        for statement in statements:
            raw.execute(statement)
        raw.commit()


def test_a_store_is_made_with_its_parents(tmp_path):
    with Store.open(tmp_path / "a" / "b") as store:
        assert store.tasks.list() == []
    with closing(sqlite3.connect(tmp_path / "a" / "b" / DATABASE)) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_new_store_is_its_owners_alone_and_a_folder_that_was_there_is_left_as_it_is(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o770)
    for path in (tmp_path / "a" / "b", shared):
        Store.open(path).close()

    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    assert shared.stat().st_mode & 0o777 == 0o770


def test_reading_a_store_that_does_not_exist_says_how_to_make_one(tmp_path):
    with pytest.raises(StoreError, match=r"no store in .*/none\. Embed something first"):
        Store.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()
    with pytest.raises(StoreError, match="no store in"):
        Store.open(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_store(tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"x")
    for create in (True, False):
        with pytest.raises(StoreError, match=r"photo\.jpg is a file.*--store"):
            Store.open(file, create=create)
    with pytest.raises(StoreError, match=r"cannot be written.*--store"):
        Store.open(file / "below")
    assert file.read_bytes() == b"x"


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param(["CREATE TABLE customers (id)"], id="tables"),
        pytest.param(["PRAGMA application_id = 77"], id="application id"),
        pytest.param(["CREATE TABLE alembic_version (version_num)"], id="also migrated by alembic"),
    ],
)
def test_the_database_of_another_program_is_left_alone(tmp_path, statements):
    raw_database(tmp_path / DATABASE, *statements)
    before = (tmp_path / DATABASE).read_bytes()
    for create in (True, False):
        with pytest.raises(StoreError, match="database of another program"):
            Store.open(tmp_path, create=create)
    assert (tmp_path / DATABASE).read_bytes() == before


def test_a_store_of_a_later_version_is_left_alone(tmp_path):
    Store.open(tmp_path).close()
    raw_database(tmp_path / DATABASE, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match=r"later version.*got 9999\. Upgrade with"):
        Store.open(tmp_path)


def test_an_empty_database_is_a_store_that_was_never_finished(tmp_path, task):
    (tmp_path / DATABASE).touch()
    with pytest.raises(StoreError, match="Embed something first"):
        Store.open(tmp_path, create=False)
    with Store.open(tmp_path) as store:
        store.tasks.add(*task("birds"))
        assert [record.name for record in store.tasks.list()] == ["birds"]


def empty_of_tables(database):
    """Leave what a first start leaves that is killed between its first two commits."""
    database.unlink()
    raw_database(database, "PRAGMA journal_mode = WAL")


@pytest.mark.parametrize("folder", ["datasets", "experts", "index", "quarantine/2026-12-01"])
@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(Path.unlink, id="missing"),
        pytest.param(lambda path: path.write_bytes(b""), id="zero bytes"),
        pytest.param(empty_of_tables, id="no tables"),
    ],
)
def test_a_store_that_lost_its_database_is_refused_and_left_alone(tmp_path, task, folder, lose):
    with Store.open(tmp_path) as store:
        store.tasks.add(*task("birds"))
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "file").write_bytes(b"precious")
    lose(tmp_path / DATABASE)
    for create in (True, False):
        with pytest.raises(
            StoreCorruptError, match=r"missing or empty.*from a backup.*begin anew.*`mv "
        ):
            Store.open(tmp_path, create=create)
    assert (tmp_path / folder / "file").read_bytes() == b"precious"


def test_the_log_of_a_lost_database_is_not_removed(tmp_path, task):
    with Store.open(tmp_path) as store:
        store.tasks.add(*task("birds"))
        log = tmp_path / f"{DATABASE}-wal"
        shutil.copy(log, tmp_path / "kept")
    (tmp_path / "kept").replace(log)
    before = log.read_bytes()
    assert before
    (tmp_path / DATABASE).write_bytes(b"")
    with pytest.raises(StoreCorruptError, match="missing or empty"):
        Store.open(tmp_path)
    assert log.read_bytes() == before


def test_what_a_first_start_that_was_killed_leaves_is_no_lost_store(tmp_path, task):
    (tmp_path / DATABASE).touch()
    empty_of_tables(tmp_path / DATABASE)
    for name in ("task2vec.lock", "server.lock", "server.json"):
        (tmp_path / name).touch()
    (tmp_path / "uploads").mkdir()
    with Store.open(tmp_path) as store:
        store.tasks.add(*task("birds"))


def test_a_file_that_is_no_database_is_called_damaged(tmp_path):
    (tmp_path / DATABASE).write_bytes(b"not a database at all" * 100)
    for create in (True, False):
        with pytest.raises(StoreCorruptError, match=r"is damaged.*Restore it from a copy"):
            Store.open(tmp_path, create=create)


def test_damaged_pages_are_called_damaged(tmp_path, task):
    with Store.open(tmp_path) as store:
        for i in range(20):
            store.tasks.add(*task(f"task {i}", seed=i, elements=500))
    content = bytearray((tmp_path / DATABASE).read_bytes())
    # The first page holds the header and the schema; all others become noise.
    content[4096:] = b"\xa5" * (len(content) - 4096)
    (tmp_path / DATABASE).write_bytes(content)
    with (
        pytest.raises(StoreCorruptError, match="is damaged"),
        Store.open(tmp_path) as store,
    ):
        store.tasks.list()


def test_a_directory_in_place_of_the_database_cannot_be_opened(tmp_path):
    (tmp_path / DATABASE).mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(tmp_path)


def test_a_store_without_write_permission_can_be_read_but_not_written(public_directory, task):
    with Store.open(public_directory) as store:
        added = store.tasks.add(*task("birds"))
    make_read_only(public_directory)
    with unprivileged():
        for create in (True, False):
            with Store.open(public_directory, create=create) as store:
                assert store.tasks.list() == [added]
                with pytest.raises(StoreError, match=r"cannot be written.*--store"):
                    store.tasks.add(*task("fish"))


def test_a_store_in_use_can_be_read_without_write_permission(public_directory, task):
    with Store.open(public_directory) as writer:
        first = writer.tasks.add(*task("birds"))
        make_read_only(public_directory)
        with unprivileged(), Store.open(public_directory, create=False) as store:
            assert store.tasks.list() == [first]


def test_a_directory_without_write_permission_takes_no_store(public_directory):
    public_directory.chmod(0o555)
    with unprivileged():
        for directory in (public_directory, public_directory / "below"):
            with pytest.raises(StoreError, match=r"cannot be written.*--store"):
                Store.open(directory)
