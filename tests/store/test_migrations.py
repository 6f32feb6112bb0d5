"""Stores of earlier versions: what they hold stays, and what they lack is filled in."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from raw_rows import damaged
from sqlalchemy import create_engine

from task2vec.errors import StoreError, Task2VecError
from task2vec.store import Store
from task2vec.store.opening import _APPLICATION_ID, DATABASE
from task2vec.store.sql import migrations
from task2vec.store.sql.migrations import REVISIONS, upgrade
from task2vec.store.sql.schema_service import metadata
from task2vec.store.tasks.updates import Change, ChangeKind


def make_earlier(path, revision, *, like=None, rows=()):
    """Make a store as an earlier version left it, with what it could hold of the store ``like``."""
    path.mkdir()
    engine = create_engine(f"sqlite:///{path / DATABASE}")
    with engine.begin() as connection:
        upgrade(connection, to=revision)
    engine.dispose()
    with closing(sqlite3.connect(path / DATABASE)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        if like is not None:
            raw.execute("ATTACH ? AS other", [f"{like / DATABASE}"])
            made = raw.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
            tables = [name for (name,) in made if not name.startswith(("sqlite_", "alembic"))]
            for table in tables:
                columns = raw.execute(f"PRAGMA main.table_info({table})")
                names = ", ".join(f'"{column[1]}"' for column in columns)
                raw.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM other.{table}")
        for sql, values in rows:
            raw.executemany(sql, values)
        raw.commit()


def rows_of(path, query):
    with closing(sqlite3.connect(path / DATABASE)) as raw:
        return raw.execute(query).fetchall()


def test_the_migrations_lead_to_the_tables_that_the_code_uses():
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert [s.revision for s in scripts.walk_revisions()][::-1] == list(REVISIONS)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == REVISIONS[-1]
    engine.dispose()


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_store_of_any_earlier_version_keeps_its_rows_and_is_sound(filled, tmp_path, revision):
    old = tmp_path / "old"
    make_earlier(old, revision, like=filled)
    with Store.open(filled) as store:
        before = store.tasks.list(), store.models.list(), store.outcomes.list()
        ids = [task.id for task in before[0]]
        values = {id_: store.tasks.embedding(id_).values.tobytes() for id_ in ids}
        thumbnail, hashes = store.tasks.thumbnail(ids[0]), store.tasks.all_image_hashes()
    with Store.open(old, create=False) as store:
        assert store.damages() == []
        assert (store.tasks.list(), store.models.list(), store.outcomes.list()) == before
        assert {id_: store.tasks.embedding(id_).values.tobytes() for id_ in ids} == values
        assert store.tasks.thumbnail(ids[0]) == thumbnail
        assert (store.tasks.all_image_hashes().keys() == hashes.keys()) == (revision >= "0006")
        assert (store.tasks.details(ids[0]) is not None) == (revision >= "0007")
        assert (store.tasks.scatters(ids) != {}) == (revision >= "0009")
        assert store.tasks.pictures(ids[0]) is None
        number = store.tasks.last_change()
        assert (number > 0) == (revision >= "0002")
        store.tasks.remove(ids[0], cascade=True)
        (change,) = store.tasks.changes_since(number)
        assert change == Change(change.number, ids[0], ChangeKind.REMOVED)
    with damaged(old) as raw:
        raw.execute("UPDATE tasks SET seconds = seconds + 1")
    with Store.open(old) as store, pytest.raises(Task2VecError, match="damaged"):
        store.tasks.list()


def test_an_upgrade_that_is_undone_leaves_what_was_there(tmp_path, monkeypatch):
    make_earlier(tmp_path / "old", "0004")
    before = rows_of(tmp_path / "old", "SELECT * FROM sqlite_master")

    def fail(connection):
        raise StoreError("The upgrade broke off")

    with monkeypatch.context() as patch:
        patch.setattr("task2vec.store.opening.seal", fail)
        with pytest.raises(StoreError, match="broke off"):
            Store.open(tmp_path / "old")
    assert rows_of(tmp_path / "old", "SELECT * FROM sqlite_master") == before
    Store.open(tmp_path / "old").close()


def test_keys_of_an_older_server_keep_their_answers_and_are_not_done_again(tmp_path):
    insert = "INSERT INTO idempotency VALUES ('o', ?, 'f', ?, '[]', x'00', 1.0)"
    rows = [(insert, [("answered", 201), ("at work", None)])]
    make_earlier(tmp_path / "old", "0004", rows=rows)
    Store.open(tmp_path / "old").close()
    assert sorted(rows_of(tmp_path / "old", "SELECT key, status, progress FROM idempotency")) == [
        ("answered", 201, "answered"),
        ("at work", None, "written"),
    ]


def test_experts_of_an_older_store_get_their_lineage_from_their_outcomes(tmp_path):
    models = [("plain", None), ("a", "t1"), ("b", "t2"), ("c", "t3"), ("d", "t4")]
    # Of d nothing is known; what the last outcome tells of is no model any more.
    starts = [("plain", "a"), ("a", "b"), ("b", "c"), ("a", "gone")]
    insert_model = (
        "INSERT INTO models (id, name, ref, architecture, task, created) "
        "VALUES (?1, ?1, ?1, 'r', ?2, '')"
    )
    insert_outcome = (
        "INSERT INTO outcomes (id, model, task, accuracy, protocol, created, details) "
        "VALUES (?2, ?1, 't', 0.5, 'p', '', json_object('expert', ?2))"
    )
    rows = [(insert_model, models), (insert_outcome, starts)]
    make_earlier(tmp_path / "old", "0006", rows=rows)
    Store.open(tmp_path / "old").close()
    rows = rows_of(tmp_path / "old", "SELECT id, start, lineage FROM models ORDER BY id")
    assert [(id_, start, json.loads(lineage)) for id_, start, lineage in rows] == [
        ("a", "plain", []),
        ("b", "a", ["t1"]),
        ("c", "b", ["t2", "t1"]),
        ("d", None, []),
        ("plain", None, []),
    ]
