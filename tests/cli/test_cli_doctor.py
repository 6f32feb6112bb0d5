"""`task2vec doctor`: what is fine, and what is not, with a remedy."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from shlex import quote
from typing import Any

import numpy as np
import pytest
from command import Cli, Result
from raw_rows import damaged, written
from small_store import SmallStore, snapshot

from task2vec import LocalClient
from task2vec.finetuning.probe_cache import STORED, KnownProbe, ProbeCache
from task2vec.probe import registry
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.service import doctor
from task2vec.store.opening import DATABASE

_load_once = cache(registry.load_card)


def store_check(found: Result) -> dict[str, Any]:
    check: dict[str, Any] = found.json["checks"][-1]
    assert check["name"] == "store"
    return check


@pytest.fixture(autouse=True)
def probes_are_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the packaged weights once for all tests: they stay as they are."""
    monkeypatch.setattr(registry, "load_card", _load_once)


def test_a_sound_store_is_fine(ask: Cli, small: SmallStore) -> None:
    before = snapshot(small.store)
    found = ask("doctor", "--json")

    assert found.code == 0
    assert {check["state"] for check in found.json["checks"]} <= {"fine", "note"}
    assert store_check(found)["found"].endswith(
        "4 tasks (all checksums right), 3 models, 0 outcomes"
    )
    names = [check["name"] for check in found.json["checks"]]
    assert {"python", "torch", "device", "probe efficientnet_lite0"} <= set(names)
    assert snapshot(small.store) == before


def flip_a_byte(store: Path) -> None:
    with damaged(store) as raw:
        row, data = raw.execute("SELECT rowid, data FROM vectors").fetchone()
        flipped = bytes([data[0] ^ 1]) + data[1:]
        raw.execute("UPDATE vectors SET data = ? WHERE rowid = ?", (flipped, row))


def spoil_a_trigger(store: Path) -> None:
    with closing(sqlite3.connect(store / DATABASE)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (store / DATABASE).read_bytes()
    before, after = b"ON models BEGIN UPDATE", b"ON models \xc2EGIN UPDATE"
    assert before in data
    (store / DATABASE).write_bytes(data.replace(before, after))


def lose_a_checkpoint(store: Path) -> None:
    gone = "UPDATE models SET ref = 'store:experts/gone.safetensors' WHERE name = ?"
    with written(store) as raw:
        raw.execute(gone, ["efficientnet_lite2"])


def lose_database(store: Path) -> None:
    for file in store.glob("task2vec.sqlite3*"):
        file.unlink()
    (store / "experts").mkdir(exist_ok=True)
    (store / "experts" / "mdl_00000000000000ab.safetensors").write_bytes(b"weights")


@pytest.mark.parametrize(
    ("damage", "remedy"),
    [
        (flip_a_byte, "Embed it again as "),
        (lose_a_checkpoint, "models remove efficientnet_lite2"),
        (lose_database, "from a backup"),
        (spoil_a_trigger, "Restore it from a copy"),
    ],
)
def test_a_damaged_store_is_a_fault_with_a_remedy(
    on: Cli, store: Path, damage: Callable[[Path], None], remedy: str
) -> None:
    damage(store)
    found = on("doctor", "--json")

    assert found.code == 1
    assert store_check(found)["state"] == "fault"
    assert remedy in store_check(found)["remedy"]
    text = on("doctor").out.splitlines()
    assert any(line.startswith("FAULT  store") for line in text)
    assert "-> " in text[-1]


def test_no_store_is_only_a_note(cli: Cli) -> None:
    found = cli("doctor", "--json")

    assert found.code == 0
    assert store_check(found)["state"] == "note"
    assert not Path("task2vec-store").exists()


LOCAL = (*doctor.LOCAL_EXTRA, *doctor._STORE_PARTS)
OPTIONAL = ("fastapi", "uvicorn", "pyarrow", "umap-learn", "onnxscript")


@pytest.mark.parametrize(
    ("missing", "client"),
    [
        ({*LOCAL, *OPTIONAL}, True),
        ({*LOCAL, *OPTIONAL} - {"torch", "pillow", "matplotlib", "scipy"}, True),
        ({"torch"}, False),
        ({"alembic"}, False),
    ],
    ids=["all", "store", "torch", "alembic"],
)
def test_a_client_lacks_nothing_and_a_local_installation_no_part(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, missing: set[str], client: bool
) -> None:
    lacking(monkeypatch, missing)
    found = cli("doctor", "--json")

    checks = {check["name"]: check for check in found.json["checks"]}
    assert found.code == (0 if client else 1)
    assert ("installation" in checks) is client
    if client:
        (told,) = (check for check in checks.values() if check["state"] != "fine")
        assert told["state"] == "note"
        assert told["found"].startswith("a client")
        assert "--url" in told["found"]
        assert "pip install 'task2vec[local]'" in told["remedy"]
    else:
        assert checks[missing.pop()]["state"] == "fault"


def lacking(monkeypatch: pytest.MonkeyPatch, names: set[str]) -> None:
    """Let the doctor find that these packages are not installed."""
    real = doctor.version

    def version(name: str) -> str:
        if name in names:
            raise PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor, "version", version)


def test_every_extra_that_a_user_may_lack_is_told_of(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, set(OPTIONAL))
    found = cli("doctor", "--json")

    assert found.code == 0, "the main job does without them"
    optional = {c["name"]: c for c in found.json["checks"] if "optional" in c["found"]}
    assert all(check["state"] == "note" for check in optional.values())
    remedies = " ".join(check["remedy"] for check in optional.values())
    extras = set(metadata("task2vec").get_all("Provides-Extra") or []) - {"local", "dev"}
    assert extras == {"server", "parquet", "umap", "onnx"}
    assert all(f"task2vec[{extra}]" in remedies for extra in extras)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["neighbours", "emoji_food"],
        ["outcomes", "list"],
        ["models", "list"],
        ["embed", "SOURCE"],
        ["serve", "--port", "0", "--workers", "0"],
        ["keys", "list"],
    ],
    ids=" ".join,
)
def test_no_command_begins_anew_where_the_database_is_lost(
    on: Cli, store: Path, small: SmallStore, arguments: list[str]
) -> None:
    lose_database(store)
    before = {name: data for name, data in (snapshot(store) or {}).items() if "server" not in name}
    source = str(small.sources / "emoji_food")
    given = [source if argument == "SOURCE" else argument for argument in arguments]

    found = on(*given)

    assert found.code == 2
    assert "missing or empty" in found.err
    assert "from a backup" in found.err
    after = {name: data for name, data in (snapshot(store) or {}).items() if "server" not in name}
    assert after == before


def test_the_doctor_names_each_damaged_row_apart_from_what_was_found(on: Cli, store: Path) -> None:
    with damaged(store) as raw:
        ids = [id_ for (id_,) in raw.execute("SELECT id FROM tasks ORDER BY rowid LIMIT 2")]
        raw.execute("UPDATE tasks SET complexity = complexity + 1 WHERE id IN (?, ?)", ids)
    found = store_check(on("doctor", "--json"))["found"]
    rows = "; ".join(f"tasks {id_}: its checksum differs" for id_ in ids)
    assert found == f"{store}: the database has 2 damaged parts: {rows}"


def test_the_quarantine_is_emptied_by_an_explicit_command_alone(on: Cli, store: Path) -> None:
    orphan = store / "quarantine" / "2026-12-01" / "experts" / "mdl_00000000000000ab.safetensors"
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"weights")

    told = on("doctor", "--json")
    assert told.json["checks"][-1]["name"] == "quarantine"
    assert orphan.exists()

    cleaned = on("doctor", "--clean", "--json")
    assert not orphan.exists()
    assert "1 file removed from the quarantine" in cleaned.err
    assert cleaned.json["checks"][-1]["name"] == "store"

    orphan.parent.mkdir(parents=True, exist_ok=True)
    orphan.write_bytes(b"weights")
    lose_database(store)
    assert on("doctor", "--clean").code == 2
    assert orphan.exists()


def test_damaged_measurements_are_named_and_removed_by_an_explicit_command(
    on: Cli, store: Path
) -> None:
    folder = store / STORED
    cache = ProbeCache(folder)
    keys = [cache.key(images="i", model=model) for model in ("good", "bad")]
    for key in keys:
        cache.put(key, KnownProbe(ProbeAccuracy(np.ones(4, dtype=np.bool_)), 1.0))
    good, bad = (folder / f"{key}.json" for key in keys)
    bad.write_text("[" * 20_000)
    notes, partial = folder / "notes.txt", folder / f".{'0' * 16}.1.partial"
    for path in (notes, partial):
        path.write_text("")

    told = on("doctor", "--json")
    assert told.code == 0
    check = told.json["checks"][-1]
    assert (check["name"], check["state"]) == ("measurements", "note")
    assert "1 file damaged, 1 file half written, 1 file not of task2vec" in check["found"]
    assert all(path.name in check["found"] for path in (bad, notes, partial))
    assert good.name not in check["found"]
    assert f"task2vec doctor --clean --store {quote(str(store))}" in check["remedy"]
    assert bad.exists()

    cleaned = on("doctor", "--clean", "--json")
    assert "1 damaged measurement removed" in cleaned.err
    assert not bad.exists()
    assert all(path.exists() for path in (good, notes, partial))
    assert "file damaged" not in cleaned.json["checks"][-1]["found"]


@pytest.mark.parametrize("kind", ["file", "below a file", "link to nothing", "too long a name"])
def test_a_cache_that_cannot_be_written_is_told(
    ask: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    cache = tmp_path / "cache"
    if kind == "link to nothing":
        cache.symlink_to(tmp_path / "none" / "cache")
    else:
        cache.write_text("no folder")
    cache = {"below a file": cache / "more", "too long a name": tmp_path / ("c" * 300)}.get(
        kind, cache
    )
    monkeypatch.setenv("TASK2VEC_CACHE", str(cache))
    told = ask("doctor", "--json")
    assert told.code == 0
    (check,) = (check for check in told.json["checks"] if check["name"] == "cache")
    assert check["state"] == "note"
    assert check["found"].startswith(f"{cache} is no folder that can be written to")
    assert "TASK2VEC_CACHE" in check["remedy"]


def rows(database: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(database)) as raw:
        return raw.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()


@pytest.fixture
def measured(store: Path) -> Path:
    """The store with an expert of emoji_food, its checkpoint and two outcomes of it."""
    (store / "experts").mkdir(exist_ok=True)
    (store / "experts" / "mdl_00000000000000ab.safetensors").write_bytes(b"weights")
    with written(store) as raw:
        raw.execute(
            "INSERT INTO models (id, name, ref, architecture, task, created, lineage) "
            "SELECT 'mdl_00000000000000ab', 'food expert', "
            "'store:experts/mdl_00000000000000ab.safetensors', 'a', id, created, '[]' "
            "FROM tasks WHERE name = 'emoji_food'"
        )
    with LocalClient(store) as client:
        for task in ("emoji_food", "fashion_tops", "greek_capitals"):
            for model in ("food expert", "efficientnet_lite2"):
                client.outcomes.add(model, task, 0.5, protocol="p")
    return store


DAMAGE = {
    "text of tasks": "UPDATE tasks SET tags = CAST(x'ff5b5d' AS TEXT) WHERE name = 'emoji_food'",
    "models": "UPDATE models SET parameters = 7 WHERE name = 'food expert'",
    "task_details": "UPDATE task_details SET data = '{}' WHERE task = "
    "(SELECT id FROM tasks WHERE name = 'emoji_food')",
}
#: What is left of 4 tasks, 4 models, 6 outcomes and the details of 4 tasks.
LEFT = {
    "text of tasks": (3, 3, 2, 3),
    "models": (4, 3, 3, 4),
    "task_details": (4, 4, 6, 3),
}
READS = {
    "models": ("models", "list"),
    "task_details": ("recommend", "emoji_food"),
}


@pytest.mark.parametrize("where", DAMAGE)
def test_damaged_rows_are_dropped_with_what_hangs_on_them(
    cli: Cli, measured: Path, where: str
) -> None:
    tables = ("tasks", "models", "outcomes", "task_details")
    sound = {table: rows(measured / DATABASE, table) for table in tables}
    assert tuple(map(len, sound.values())) == (4, 4, 6, 4)
    with damaged(measured) as raw:
        # The trigger cannot read text that is no text.
        trigger = "FROM sqlite_master WHERE name = 'checksum_tasks_update'"
        (made,) = raw.execute(f"SELECT sql {trigger}").fetchone()
        raw.execute("DROP TRIGGER checksum_tasks_update")
        raw.execute(DAMAGE[where])
        raw.execute(made)
    read = READS.get(where, ("list",))
    refused = cli(*read, "--store", measured)
    assert refused.code != 0
    assert "estore the database from a backup" in refused.err
    assert "task2vec doctor --drop-damaged --store" in refused.err

    dropped = cli("doctor", "--drop-damaged", "--store", measured, "--json")

    assert "damaged part" not in dropped.out
    assert "task2vec " in dropped.err.split("Next:")[1]
    # Neither a row is left that hung on what went, nor is another one changed.
    left = {table: rows(measured / DATABASE, table) for table in tables}
    assert tuple(map(len, left.values())) == LEFT[where]
    assert all(set(left[table]) <= set(sound[table]) for table in tables)
    for command in (("list",), ("models", "list"), ("outcomes", "list")):
        assert cli(*command, "--store", measured).code == 0
    gone = "tasks" in where
    assert (cli("show", "emoji_food", "--store", measured).code == 0) is not gone
    near = cli("neighbours", "fashion_tops", "--store", measured, "--json")
    assert ("emoji_food" in near.out) is not gone
    expert = measured / "experts" / "mdl_00000000000000ab.safetensors"
    assert expert.exists() is (where == "task_details")

    (copy,) = (measured / "quarantine").glob("*/task2vec.sqlite3")
    kept = {table: rows(copy, table) for table in tables if where != "text of tasks"}
    assert all(len(kept[table]) == len(sound[table]) for table in kept)
    assert where == "text of tasks" or kept != sound
    assert (f"put aside since {copy.parent.name}") in dropped.out

    before = snapshot(measured)
    again = cli("doctor", "--drop-damaged", "--store", measured, "--json")
    assert "is damaged: nothing was changed" in again.err
    assert snapshot(measured) == before
    assert copy.exists(), "a copy of the database is not moved back"
    cli("doctor", "--clean", "--store", measured)
    assert not copy.exists()


def test_damage_that_is_not_of_rows_is_not_dropped(on: Cli, store: Path) -> None:
    with damaged(store) as raw:
        raw.execute("UPDATE tasks SET complexity = complexity + 1 WHERE name = 'emoji_food'")
        raw.execute("DROP TRIGGER checksum_models_update")
    before = rows(store / DATABASE, "tasks")
    found = on("doctor", "--drop-damaged")
    assert found.code == 2
    assert "Restore the database from a backup" in found.err
    assert rows(store / DATABASE, "tasks") == before
    assert not (store / "quarantine").exists()


def test_nothing_is_dropped_of_a_server_elsewhere(cli: Cli) -> None:
    found = cli("doctor", "--drop-damaged", "--url", "http://127.0.0.1:9")
    assert found.code == 2
    assert "doctor --drop-damaged --store FOLDER" in found.err


def test_no_file_is_removed_from_the_quarantine_while_a_row_is_damaged(
    cli: Cli, measured: Path
) -> None:
    place = measured / "experts" / "mdl_00000000000000ab.safetensors"
    aside = measured / "quarantine" / "2026-12-01" / "experts" / place.name
    aside.parent.mkdir(parents=True)
    place.rename(aside)
    change = "UPDATE models SET parameters = 7 WHERE name = 'efficientnet_lite1'"
    with damaged(measured) as raw:
        assert raw.execute(change).rowcount == 1

    refused = cli("doctor", "--clean", "--store", measured)

    assert refused.code == 2
    assert "Nothing was removed from the quarantine" in refused.err
    assert "efficientnet_lite1" in refused.err
    assert "task2vec doctor --drop-damaged" in refused.err
    assert aside.read_bytes() == b"weights"
    with written(measured) as raw:
        raw.execute(change)
    assert "0 files removed" in cli("doctor", "--clean", "--store", measured).err
    assert place.read_bytes() == b"weights"
