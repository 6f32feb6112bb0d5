"""Every row has a checksum: damage is found by the doctor, and refused by who reads."""

import random
import shutil
import sqlite3
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

import pytest
from raw_rows import damaged, written

from task2vec.errors import StoreCorruptError, Task2VecError
from task2vec.service.doctor import State, _guarded, _store
from task2vec.store import Store
from task2vec.store.opening import DATABASE
from task2vec.store.sql.checksums import TABLES, checksum, sealed
from task2vec.store.sql.schema_service import metadata

FLIPS = 60


@pytest.fixture
def copy(filled, tmp_path):
    return Path(shutil.copytree(filled, tmp_path / "copy"))


def told(path):
    with Store.open(path, create=False) as store:
        return [(each.table, each.found) for each in store.damages()]


def content(path):
    """Return all that any answer can be made of."""
    with closing(sqlite3.connect(path / DATABASE)) as raw:
        return {
            table: sorted(map(repr, raw.execute(f"SELECT * FROM {table}")))
            for table in metadata.tables
        }


def test_a_sound_store_has_no_damage(copy):
    assert told(copy) == []


def test_the_function_tells_values_and_types_apart():
    values = [None, 0, 1, -1, 0.0, -0.0, 1.0, "", "1", "1.0", b"", b"1", "n", 2**62]
    assert len({checksum(value) for value in values}) == len(values)
    # Text that begins as other types do within the checksum.
    digest = blake2b(b"1", digest_size=16).hexdigest()
    alike = ["\0None", "\0001", "\0001.0", f"\0b{digest}", "\0", "\0t", "\0t1", "\0t\0None"]
    assert len({checksum(value) for value in values + alike}) == len(values + alike)
    assert checksum("ab", "c") != checksum("a", "bc")
    # The character between values, moved from the first value into the second.
    assert checksum("a\x1fb", "c") != checksum("a", "b\x1fc")
    assert checksum("", "\x1f") != checksum("\x1f", "")
    assert checksum("a", None) != checksum(None, "a")
    assert checksum(True) == checksum(1)


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_a_change_of_any_column_is_found(copy, table):
    # A number that is the row's own place cannot be changed and the row stay where it is.
    numbers = {
        each.name for each in metadata.tables[table].primary_key if each.autoincrement is True
    }
    columns = [name for name in sealed(metadata.tables[table]) if name not in numbers]
    one = f"rowid = (SELECT min(rowid) FROM {table})"
    with Store.open(copy, create=False) as store:
        for column in columns:
            for way, found in ((damaged, True), (written, False)):
                with way(copy) as raw:
                    raw.execute("PRAGMA foreign_keys = OFF")
                    select = f'SELECT "{column}" FROM {table} WHERE {one}'
                    (before,) = raw.execute(select).fetchone()
                    change = f'UPDATE {table} SET "{column}" = ? WHERE {one}'
                    raw.execute(change, [harmed(before)])
                rows = {each.table for each in store.damages() if "checksum" in each.found}
                assert (table in rows) == found, column
                with written(copy) as raw:
                    raw.execute("PRAGMA foreign_keys = OFF")
                    raw.execute(change, [before])


def harmed(value):
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, str):
        return chr(ord(value[0]) ^ 1) + value[1:] if value else "?"
    # Numbers below zero: the lowest row stays the lowest.
    return -1 if value is None else -1 - value


def test_each_of_many_flipped_bits_changes_nothing_or_is_told_of(filled, tmp_path):
    chance, before = random.Random(14), content(filled)
    sound = bytearray((filled / DATABASE).read_bytes())
    copy = tmp_path / "copy"
    copy.mkdir()
    silent = []
    for _ in range(FLIPS):
        for file in copy.iterdir():
            file.unlink()
        place = chance.randrange(8 * len(sound))
        data = bytearray(sound)
        data[place // 8] ^= 1 << place % 8
        (copy / DATABASE).write_bytes(data)
        if _guarded("store", _store, copy).state is not State.FAULT and content(copy) != before:
            silent.append(place)
    assert silent == []


def test_who_reads_what_is_damaged_is_refused(copy):
    reads = {
        "tasks": lambda store: store.tasks.list(),
        "models": lambda store: store.models.list(),
        "outcomes": lambda store: store.outcomes.list(),
        "datasets": lambda store: store.datasets.page(limit=9),
        "keys": lambda store: store.keys.all(),
        "thumbnails": lambda store: store.tasks.thumbnail("emoji_food"),
        "image_hashes": lambda store: store.tasks.all_image_hashes(),
        "task_details": lambda store: store.tasks.details("emoji_food"),
        "class_scatters": lambda store: store.tasks.scatters([store.tasks.get("emoji_food").id]),
        "jobs": lambda store: store.jobs.get(store.jobs.list_page()[0][0].id),
        "job_events": lambda store: store.jobs.events_after(store.jobs.list_page()[0][0].id),
        "audit": lambda store: store.audit.latest(9),
    }
    changed = {
        "tasks": "complexity = complexity + 1",
        "models": "parameters = parameters + 1",
        "outcomes": "accuracy = accuracy + 0.1",
        "datasets": "images = 10",
        "keys": "scopes = 'admin'",
        "thumbnails": "data = CAST(data || x'00' AS BLOB)",
        "image_hashes": "data = zeroblob(length(data))",
        "task_details": "data = replace(data, '1', '2')",
        "class_scatters": "data = CAST(substr(data, 1, length(data) - 1) || x'3f' AS BLOB)",
        "jobs": "result = '{}'",
        "job_events": "data = '{}'",
        "audit": "subject = 'nobody'",
    }
    for table, read in reads.items():
        with Store.open(copy) as store:
            read(store)
        with damaged(copy) as raw:
            raw.execute(f"UPDATE {table} SET {changed[table]}")
        with (
            Store.open(copy) as store,
            pytest.raises(StoreCorruptError, match="damaged in the store") as caught,
        ):
            read(store)
        assert caught.value.remedy
        with written(copy) as raw:
            first = sealed(metadata.tables[table])[0]
            raw.execute(f'UPDATE {table} SET "{first}" = "{first}"')


def test_text_that_is_no_text_any_more_is_damage(copy):
    with written(copy) as raw:
        raw.execute("UPDATE outcomes SET protocol = 'a name like no other'")
    with closing(sqlite3.connect(copy / DATABASE)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (copy / DATABASE).read_bytes()
    (copy / DATABASE).write_bytes(data.replace(b"a name like", b"\xff name like"))
    with Store.open(copy) as store:
        with pytest.raises(StoreCorruptError, match="is damaged"):
            store.outcomes.list()
        assert {each.table for each in store.damages()} == {"outcomes"}


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_a_damaged_row_of_any_table_is_dropped(copy, tmp_path, table):
    with damaged(copy) as raw:
        column = next(name for name in reversed(sealed(metadata.tables[table])))
        one = f"rowid = (SELECT min(rowid) FROM {table})"
        raw.execute("PRAGMA foreign_keys = OFF")
        (before,) = raw.execute(f'SELECT "{column}" FROM {table} WHERE {one}').fetchone()
        raw.execute(f'UPDATE {table} SET "{column}" = ? WHERE {one}', [harmed(before)])
    kept = content(copy)
    with Store.open(copy) as store:
        removed = store.drop_damaged(tmp_path / "kept" / DATABASE)
        assert table in removed
        assert store.damages() == []
        store.tasks.list(), store.models.list(), store.outcomes.list(), store.keys.all()
        for space in store.tasks.spaces():
            store.index(space)
        assert store.drop_damaged(tmp_path / "not" / DATABASE) == {}
    assert content(tmp_path / "kept") == kept
    assert not (tmp_path / "not").exists()
    left = content(copy)
    # The log of changes gains an entry for a task that went.
    assert all(set(left[name]) <= set(kept[name]) for name in left if name != "task_changes")
    lost = {name: len(kept[name]) - len(left[name]) for name in left if name != "task_changes"}
    counted = {name: len(rows) for name, rows in removed.items() if name != "task_changes"}
    assert {name: count for name, count in lost.items() if count} == counted


def test_an_index_in_memory_forgets_a_task_that_was_dropped(copy, tmp_path):
    with Store.open(copy) as store, Store.open(copy) as other:
        (space,) = store.tasks.spaces()
        assert len(other.index(space)) == 4
        with damaged(copy) as raw:
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute("UPDATE tasks SET id = 'tsk_?' WHERE name = 'emoji_food'")
        assert store.drop_damaged(tmp_path / "kept" / DATABASE)["tasks"] == ["emoji_food"]
        assert len(other.index(space)) == 3


def test_a_record_that_had_been_damaged_before_it_got_a_checksum_is_dropped(copy, tmp_path):
    changed = {"tasks": "provenance = '{}'", "models": "lineage = '?'", "outcomes": "details = '?'"}
    for table, change in changed.items():
        with written(copy) as raw:
            raw.execute(
                f"UPDATE {table} SET {change} WHERE rowid = (SELECT max(rowid) FROM {table})"
            )
        with Store.open(copy) as store:
            assert [each.table for each in store.damages()] == [table]
            assert table in store.drop_damaged(tmp_path / table / DATABASE)
            assert store.damages() == []


def test_nothing_is_dropped_where_no_copy_can_be_written(copy, tmp_path):
    with damaged(copy) as raw:
        raw.execute("UPDATE outcomes SET accuracy = 0.9")
    before = content(copy)
    (tmp_path / "file").touch()
    with Store.open(copy) as store, pytest.raises(Task2VecError, match="cannot be written"):
        store.drop_damaged(tmp_path / "file" / DATABASE)
    assert content(copy) == before


def test_a_trigger_that_is_gone_is_told_of(copy):
    with closing(sqlite3.connect(copy / DATABASE)) as raw:
        raw.execute("DROP TRIGGER checksum_models_update")
    assert told(copy) == [
        ("models", "its trigger checksum_models_update is missing from the schema")
    ]


def test_a_program_that_knows_no_checksums_cannot_change_a_row(copy):
    with (
        closing(sqlite3.connect(copy / DATABASE)) as raw,
        pytest.raises(sqlite3.OperationalError, match="row_checksum"),
    ):
        raw.execute("UPDATE outcomes SET accuracy = 1.0")
