"""`task2vec show`, `list`, `export`, `remove`: looking after what is stored."""

import sqlite3
from pathlib import Path

from command import Cli
from small_store import TASKS, USED, SmallStore, snapshot

from task2vec.store.store import Store


def test_show_and_list_tell_a_person_the_facts(ask: Cli, small: SmallStore) -> None:
    with Store.open(small.store, create=False) as opened:
        record = opened.tasks.get("greek_capitals")
    text = ask("show", record.id).out
    for fact in (record.id, f"{USED} of 4 classes", f"{record.complexity:.3f}", record.source):
        assert fact in text

    listed, table = ask("list", "--json").json["tasks"], ask("list")
    assert [task["name"] for task in listed] == sorted(TASKS)
    for task in listed:
        line = next(line for line in table.out.splitlines() if line.startswith(task["name"]))
        assert f"{task['complexity']:.3f}" in line
        assert f"{task['standard_error']:.3f}" in line
    assert table.err.startswith("Next:\n")
    none = ask("list", "--tag", "animals")
    assert (none.code, none.out) == (0, "")
    assert none.err.strip() == "No task has the tag 'animals'."


def test_list_without_a_store_is_empty_and_creates_none(cli: Cli) -> None:
    assert cli("list", "--json").json == {"tasks": []}
    assert "task2vec embed" in cli("list").err
    assert not Path("task2vec-store").exists()


def test_removing_takes_the_task_away_and_leaves_its_images(on: Cli, small: SmallStore) -> None:
    images = snapshot(small.sources)

    removed = on("remove", "emoji_food")

    assert (removed.code, removed.out, removed.err) == (0, "", "Removed emoji_food.\n")
    left = on("list", "--json").json["tasks"]
    assert [task["name"] for task in left] == [name for name in TASKS if name != "emoji_food"]
    assert snapshot(small.sources) == images


def test_a_database_that_is_none_is_told_so(on: Cli, store: Path) -> None:
    (store / "task2vec.sqlite3").write_bytes(b"this is no database" * 500)
    before = snapshot(store)

    for command in (["list"], ["show", "emoji_food"], ["map", "--json"]):
        found = on(*command)
        assert (found.code, found.out) == (2, "")
        assert "damaged" in found.err
        assert "Restore it" in found.err
    assert snapshot(store) == before


def test_another_programs_database_is_left_alone(
    cli: Cli, two_classes: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with sqlite3.connect(tmp_path / "other" / "task2vec.sqlite3") as connection:
        connection.execute("CREATE TABLE letters (a)")
    connection.close()
    before = snapshot(tmp_path / "other")

    found = cli("embed", two_classes, "--store", tmp_path / "other")

    assert found.code == 2
    assert "another program" in found.err
    assert snapshot(tmp_path / "other") == before
