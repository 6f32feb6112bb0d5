"""The text of the schema: damage to it is found, and another way to write it is none."""

import random
import shutil
import sqlite3
from contextlib import closing

import pytest

from task2vec.errors import StoreCorruptError
from task2vec.service.doctor import State, _guarded, _store
from task2vec.store import Store
from task2vec.store.opening import DATABASE
from task2vec.store.tables.audit import AuditEntry

FLIPS = 150


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    path = tmp_path_factory.mktemp("new") / "store"
    Store.open(path).close()
    with closing(sqlite3.connect(path / DATABASE)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def copy(new, tmp_path):
    return shutil.copytree(new, tmp_path / "copy")


def replace(store, before, after):
    """Replace bytes of the database file, where they are."""
    data = (store / DATABASE).read_bytes()
    assert before in data
    assert len(before) == len(after)
    (store / DATABASE).write_bytes(data.replace(before, after))


def rewrite(store, name, text):
    """Write another text for a part of the schema."""
    with closing(sqlite3.connect(store / DATABASE)) as raw:
        raw.execute("PRAGMA writable_schema = ON")
        query = "UPDATE sqlite_master SET sql = CAST(? AS TEXT) WHERE name = ?"
        assert raw.execute(query, [text, name]).rowcount == 1
        raw.commit()
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def texts(store):
    with closing(sqlite3.connect(store / DATABASE)) as raw:
        return dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE sql NOT NULL"))


def told(store):
    with Store.open(store, create=False) as opened:
        return [(each.table, each.found) for each in opened.damages()]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\tfingerprint VARCHAR", b"\tfingerpsint VARCHAR"),
        (b"\tfingerprint VARCHAR", b"\tfingerprint VARGHAR"),
    ],
)
def test_a_flipped_bit_in_the_definition_of_a_table_is_found(copy, before, after):
    assert told(copy) == []
    replace(copy, before, after)
    assert told(copy) == [("idempotency", "the definition of its table idempotency differs")]
    check = _guarded("store", _store, copy)
    assert check.state is State.FAULT
    assert check.remedy


def test_each_of_many_flipped_bits_of_the_schema_is_found(new, tmp_path):
    chance, parts = random.Random(3), sorted(texts(new).items())
    silent = []
    for number in range(FLIPS):
        name, text = chance.choice(parts)
        data = bytearray(text.encode())
        place = chance.randrange(8 * len(data))
        data[place // 8] ^= 1 << place % 8
        copy = shutil.copytree(new, tmp_path / str(number))
        rewrite(copy, name, bytes(data))
        # A tab that became a line's end is a blank still.
        same = bytes(data).replace(b"\r", b"\t") == text.encode()
        if _guarded("store", _store, copy).state is not State.FAULT and not same:
            silent.append((name, place))
        shutil.rmtree(copy)
    assert silent == []


def test_what_does_not_belong_to_the_schema_is_found_and_statistics_are_no_damage(copy):
    with closing(sqlite3.connect(copy / DATABASE)) as raw:
        raw.execute("ANALYZE")
    assert told(copy) == []
    with closing(sqlite3.connect(copy / DATABASE)) as raw:
        raw.execute("CREATE TRIGGER more AFTER INSERT ON keys BEGIN DELETE FROM jobs; END")
    assert told(copy) == [("keys", "its trigger more does not belong to the schema")]


def test_another_way_to_write_the_same_definition_is_no_damage(copy):
    text = texts(copy)["idempotency"]
    other = text.replace('"idempotency"', "idempotency").replace("\n\t", " ")
    other = other.replace("owner VARCHAR", '"owner"  VARCHAR')
    assert other != text
    rewrite(copy, "idempotency", other)
    assert told(copy) == []


def test_a_trigger_that_cannot_be_decoded_is_a_damaged_database(copy):
    replace(copy, b"ON models BEGIN UPDATE", b"ON models \xc2EGIN UPDATE")
    with pytest.raises(StoreCorruptError, match="is damaged") as caught:
        Store.open(copy)
    assert "xc2EGIN" in caught.value.got
    assert caught.value.remedy
    check = _guarded("store", _store, copy)
    assert check.state is State.FAULT
    assert "is damaged" in check.found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("row_checksum(", "row_checjsum("),
        ('NEW."action"', 'NEW."acthon"'),
        ("UPDATE audit SET", "UPDATE audht SET"),
        ("WHERE rowid", "WHERE qowid"),
    ],
)
def test_a_trigger_that_became_another_valid_one_refuses_to_write(copy, before, after):
    text = texts(copy)["checksum_audit_insert"]
    assert before in text
    rewrite(copy, "checksum_audit_insert", text.replace(before, after).encode())
    with Store.open(copy) as store:
        with pytest.raises(
            StoreCorruptError, match=r"schema of the database .* is damaged"
        ) as told:
            store.audit.append([AuditEntry(action="GET /v1/tasks", status=200)])
        assert f"task2vec doctor --store {copy}" in told.value.remedy
        assert [each.table for each in store.damages()] == ["audit"]


def test_a_trigger_that_calls_what_cannot_be_decoded_refuses_to_write(copy):
    text = texts(copy)["checksum_audit_insert"].encode()
    rewrite(copy, "checksum_audit_insert", text.replace(b"row_checksum", b"row_checks\xf5m"))
    with Store.open(copy) as store:
        with (
            pytest.raises(StoreCorruptError, match="is damaged") as caught,
            store.transaction() as connection,
        ):
            connection.exec_driver_sql("INSERT INTO audit (at, action) VALUES ('', '')")
        assert "no such function" in caught.value.got
        assert [each.table for each in store.damages()] == ["audit"]
