import json
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, text

import task2vec.store.sql.migrations
from task2vec.store.sql.migrations import REVISIONS, upgrade
from task2vec.store.sql.schema import metadata


def migrated():
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def test_the_migrations_lead_to_the_tables_that_the_code_uses():
    engine = migrated()
    with engine.begin() as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == REVISIONS[-1]
    engine.dispose()


def test_the_known_revisions_are_those_of_the_scripts():
    scripts = ScriptDirectory(str(Path(task2vec.store.sql.migrations.__file__).parent))
    assert [s.revision for s in scripts.walk_revisions()][::-1] == list(REVISIONS)


def test_an_upgrade_that_is_undone_leaves_nothing():
    engine = migrated()
    with engine.connect() as connection:
        with connection.begin() as transaction:
            upgrade(connection)
            transaction.rollback()
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master").fetchall()
    assert tables == []
    engine.dispose()


def test_keys_of_an_older_server_keep_their_answers_and_are_not_done_again():
    engine = migrated()
    with engine.begin() as connection:
        upgrade(connection, to="0004")
        for key, status in (("answered", 201), ("at work", None)):
            connection.execute(
                text("INSERT INTO idempotency VALUES ('o', :key, 'f', :status, '[]', x'00', 1.0)"),
                {"key": key, "status": status},
            )
        upgrade(connection)
        rows = connection.exec_driver_sql("SELECT key, status, progress FROM idempotency")
        assert sorted(rows.fetchall()) == [
            ("answered", 201, "answered"),
            ("at work", None, "written"),
        ]
    engine.dispose()


def test_experts_of_an_older_store_get_their_lineage_from_their_outcomes():
    engine = migrated()
    with engine.begin() as connection:
        upgrade(connection, to="0006")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        for id_, task in (("plain", None), ("a", "t1"), ("b", "t2"), ("c", "t3"), ("d", "t4")):
            connection.execute(
                text(
                    "INSERT INTO models (id, name, ref, architecture, task, created) "
                    "VALUES (:id, :id, :id, 'r', :task, '')"
                ),
                {"id": id_, "task": task},
            )
        # Of d nothing is known; what the last outcome tells of is no model any more.
        for start, expert in (("plain", "a"), ("a", "b"), ("b", "c"), ("a", "gone")):
            connection.execute(
                text(
                    "INSERT INTO outcomes (id, model, task, accuracy, protocol, created, details) "
                    "VALUES (:id, :model, 't', 0.5, 'p', '', :details)"
                ),
                {"id": expert, "model": start, "details": json.dumps({"expert": expert})},
            )
        upgrade(connection)
        rows = connection.exec_driver_sql("SELECT id, start, lineage FROM models ORDER BY id")
        assert [(id_, start, json.loads(lineage)) for id_, start, lineage in rows] == [
            ("a", "plain", []),
            ("b", "a", ["t1"]),
            ("c", "b", ["t2", "t1"]),
            ("d", None, []),
            ("plain", None, []),
        ]
    engine.dispose()
