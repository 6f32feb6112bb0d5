"""`task2vec show`, `list`, `export`, `remove`: looking after what is stored."""

import sqlite3
from pathlib import Path

from command import Cli
from small_store import TASKS, USED, SmallStore, snapshot

from task2vec.messages.tasks import Task
from task2vec.store.store import Store


def test_show_gives_the_record_with_its_provenance_by_name_and_by_id(
    cli: Cli, small: SmallStore
) -> None:
    with Store.open(small.store, create=False) as opened:
        record = opened.tasks.get("greek_capitals")

    by_name = cli("show", "greek_capitals", "--store", small.store, "--json").json
    by_id = cli("show", record.id, "--store", small.store, "--json").json

    assert by_name == by_id
    assert by_name.items() >= Task.model_validate(record).model_dump(mode="json").items()
    assert by_name["provenance"] == record.provenance.model_dump(mode="json")
    assert by_name["source"] == str(small.sources / "greek_capitals")
    text = cli("show", "greek_capitals", "--store", small.store).out
    for fact in (record.id, f"{USED} of 4 classes", f"{record.complexity:.3f}", record.source):
        assert fact in text


def test_list_shows_all_tasks_with_their_facts(cli: Cli, small: SmallStore) -> None:
    listed = cli("list", "--store", small.store, "--json").json["tasks"]
    table = cli("list", "--store", small.store)

    assert [task["name"] for task in listed] == sorted(TASKS)
    for task in listed:
        line = next(line for line in table.out.splitlines() if line.startswith(task["name"]))
        assert f"{task['complexity']:.3f}" in line
        assert f"{task['standard_error']:.3f}" in line
    assert table.err.startswith("Next:\n")


def test_list_of_a_tag_that_no_task_has_says_so(cli: Cli, small: SmallStore) -> None:
    found = cli("list", "--tag", "animals", "--store", small.store)

    assert (found.code, found.out) == (0, "")
    assert found.err.strip() == "No task has the tag 'animals'."


def test_list_without_a_store_is_empty_and_creates_none(cli: Cli) -> None:
    assert cli("list", "--json").json == {"tasks": []}
    assert "task2vec embed" in cli("list").err
    assert not Path("task2vec-store").exists()


def test_removing_takes_the_task_away_and_leaves_its_images(
    cli: Cli, store: Path, small: SmallStore
) -> None:
    images = snapshot(small.sources)

    removed = cli("remove", "emoji_food", "--store", store, "--json").json

    assert removed["name"] == "emoji_food"
    left = cli("list", "--store", store, "--json").json["tasks"]
    assert [task["name"] for task in left] == [name for name in TASKS if name != "emoji_food"]
    assert cli("show", removed["id"], "--store", store).code == 2
    assert snapshot(small.sources) == images


def test_a_database_that_is_none_is_told_so(cli: Cli, store: Path) -> None:
    (store / "task2vec.sqlite3").write_bytes(b"this is no database" * 500)
    before = snapshot(store)

    for command in (["list"], ["show", "emoji_food"], ["map", "--json"]):
        found = cli(*command, "--store", store)
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
