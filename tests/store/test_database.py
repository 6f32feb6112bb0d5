import shutil
import sqlite3
import threading
from contextlib import closing

import pytest

from task2vec.errors import StoreBusyError, StoreError
from task2vec.store.opening import DATABASE, open_database


@pytest.fixture
def database(tmp_path):
    database = open_database(tmp_path, create=True, lock_timeout=5)
    yield database
    database.close()


def test_commits_are_on_disk_before_they_are_acknowledged(database):
    full = 2
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == full
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_references_to_nothing_are_refused(database):
    insert = "INSERT INTO thumbnails (task, data) VALUES ('tsk_0', x'00')"
    with pytest.raises(StoreError, match="FOREIGN KEY"), database.write() as connection:
        connection.exec_driver_sql(insert)


def test_a_snapshot_cannot_write(database):
    with pytest.raises(StoreError, match="readonly"), database.read() as connection:
        connection.exec_driver_sql("DELETE FROM tasks")


def test_a_snapshot_sees_no_later_commit(database):
    count = "SELECT count(*) FROM alembic_version"
    with database.read() as reader:
        assert reader.exec_driver_sql(count).scalar() == 1
        with database.write() as writer:
            writer.exec_driver_sql("INSERT INTO alembic_version VALUES ('x')")
        assert reader.exec_driver_sql(count).scalar() == 1
    with database.read() as reader:
        assert reader.exec_driver_sql(count).scalar() == 2


def test_an_error_within_a_snapshot_leaves_it_to_no_other_reader(database):
    many = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1000) SELECT x"
    # Kept by code that keeps the error, as a log record does.
    held = []

    def judge_the_first_row():
        with database.read() as reader:
            held.append(reader.exec_driver_sql(f"{many}, version_num FROM n, alembic_version"))
            held[0].fetchone()
            raise ValueError("it is damaged")

    with pytest.raises(ValueError, match="damaged"):
        judge_the_first_row()
    with database.write() as writer:
        writer.exec_driver_sql("CREATE TABLE later (x)")
    with database.read() as reader:
        found = reader.exec_driver_sql("SELECT name FROM sqlite_master WHERE name = 'later'")
        assert found.scalar() == "later"


def test_no_other_program_writes_between_our_first_look_and_our_commit(database):
    with (
        closing(sqlite3.connect(database.path, timeout=0, isolation_level=None)) as other,
        database.write(),
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        other.execute("BEGIN IMMEDIATE")


def test_a_program_that_locks_the_database_without_our_lock_makes_it_busy(tmp_path, monkeypatch):
    monkeypatch.setattr("task2vec.store.sql.database._BUSY_SECONDS", 0.05)
    database = open_database(tmp_path, create=True, lock_timeout=5)
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(StoreBusyError, match=r"locked by another program.*try again"),
            database.write(),
        ):
            pass
    database.close()


@pytest.mark.parametrize("again", [False, True])
def test_nothing_is_written_to_a_file_that_is_gone(database, again):
    shutil.rmtree(database.path.parent)
    if again:
        open_database(database.path.parent, create=True, lock_timeout=5).close()
    with pytest.raises(StoreError, match="removed or replaced"), database.write():
        pass
    with pytest.raises(StoreError, match="removed or replaced"):
        database.check_in_place()
    assert database.path.exists() == again


def test_a_file_that_goes_while_it_is_written_takes_no_commit(database):
    count = "SELECT count(*) FROM alembic_version"
    moved = database.path.with_name("moved")

    def write():
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('x')")
            database.path.rename(moved)

    with pytest.raises(StoreError, match="removed or replaced"):
        write()
    moved.rename(database.path)
    with database.read() as connection:
        assert connection.exec_driver_sql(count).scalar() == 1


def test_a_late_thread_does_not_write_to_a_database_that_was_given_up(database):
    count = "SELECT count(*) FROM audit"
    insert = "INSERT INTO audit (at, action) VALUES ('2026', 'x')"
    begun, go_on = threading.Event(), threading.Event()

    def write():
        with database.write() as connection:
            connection.exec_driver_sql(insert)
            begun.set()
            go_on.wait(20)

    late = threading.Thread(target=write)
    late.start()
    begun.wait(20)
    closing_it = threading.Thread(target=database.close)
    closing_it.start()
    closing_it.join(0.2)
    assert closing_it.is_alive(), "what has begun is waited for"
    go_on.set()
    closing_it.join(20)
    late.join()

    with pytest.raises(StoreError, match="was closed"), database.write() as connection:
        connection.exec_driver_sql(insert)
    with closing(sqlite3.connect(database.path)) as connection:
        assert connection.execute(count).fetchone() == (1,)
