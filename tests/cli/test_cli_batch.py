"""`task2vec batch`: many sources, resumable, a line for each."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from command import Cli, Result
from small_store import TASKS, USED, SmallStore, cut, snapshot


def lines(found: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in found.out.splitlines()]


def statuses(found: Result) -> dict[str, str]:
    return {line["name"]: line["status"] for line in lines(found)}


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with two small sources."""
    for task in ("emoji_food", "fashion_tops"):
        cut(task, tmp_path / "sources" / task, classes=2, images=3)
    return tmp_path / "sources"


def test_a_second_run_computes_nothing(on: Cli, small: SmallStore, store: Path) -> None:
    def created() -> list[str]:
        return [on("show", name, "--json").json["created"] for name in TASKS]

    before, at = snapshot(store), created()
    found = on("batch", small.sources, "--images", USED, "--json")

    assert found.code == 0
    assert lines(found) == [{**line, "status": "unchanged"} for line in small.lines]
    assert found.err == "4 sources: 4 unchanged.\n"
    assert created() == at
    assert snapshot(store) == before


def test_a_changed_source_needs_update(cli: Cli, sources: Path) -> None:
    arguments = ("batch", sources, "--images", 6, "--json")
    first = lines(cli(*arguments))
    next((sources / "emoji_food").rglob("*.*")).unlink()

    refused = cli(*arguments)
    updated = cli(*arguments, "--update")

    assert refused.code == 1
    assert statuses(refused) == {"emoji_food": "failed", "fashion_tops": "unchanged"}
    assert "--update" in lines(refused)[0]["error"]
    assert updated.code == 0
    assert statuses(updated) == {"emoji_food": "embedded", "fashion_tops": "unchanged"}
    assert lines(updated)[0]["id"] == first[0]["id"]
    assert lines(updated)[0]["images"] == 5


def test_other_settings_are_a_change_too(cli: Cli, small: SmallStore, store: Path) -> None:
    asked = ("batch", small.sources, "--store", store, "--images", USED, "--seed", 1, "--dry-run")

    taken, replaced = cli(*asked, "--json"), cli(*asked, "--update", "--json")

    assert (taken.code, set(statuses(taken).values())) == (1, {"failed"})
    assert (replaced.code, set(statuses(replaced).values())) == (0, {"pending"})


def test_one_broken_source_does_not_stop_the_others(cli: Cli, sources: Path) -> None:
    cut("emoji_food", sources / "a_single_class", classes=1, images=3)

    found = cli("batch", sources, "--images", 6)

    assert found.code == 1
    assert [line.split()[:2] for line in found.out.splitlines()] == [
        ["failed", "a_single_class"],
        ["embedded", "emoji_food"],
        ["embedded", "fashion_tops"],
    ]
    assert "only one class" in found.out
    assert "3 sources: 2 embedded, 1 failed." in found.err
    stored = cli("list", "--json").json["tasks"]
    assert [task["name"] for task in stored] == ["emoji_food", "fashion_tops"]


def test_a_dry_run_writes_nothing(cli: Cli, sources: Path, store: Path) -> None:
    before = snapshot(store)

    fresh = cli("batch", sources, "--dry-run", "--json")
    known = cli("batch", sources, "--dry-run", "--store", store, "--update", "--json")

    assert statuses(fresh) == {"emoji_food": "pending", "fashion_tops": "pending"}
    assert not Path("task2vec-store").exists()
    assert statuses(known) == {"emoji_food": "pending", "fashion_tops": "pending"}
    assert snapshot(store) == before


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("l.csv", "source,name\na,x\nb,x\n", "Two sources would be named 'x'"),
        ("l.csv", "path,label\na,x\n", "Line 2"),
        ("l.csv", "source,name\na,x,y\n", "Line 2"),
        ("l.csv", "", "holds no sources"),
        ("l.jsonl", '{"source": "a"}\n[1]\n', "Line 2"),
        ("l.jsonl", '{"source": "a", "tags": [5]}\n', "Line 1"),
        ("l.jsonl", '{"source": "a", "name": 5}\n', "Line 1"),
        ("l.jsonl", '{"source": ', "cannot be read as a list"),
        ("l.txt", "a\n", "no list of sources"),
    ],
)
def test_a_faulty_list_is_refused_as_a_whole(
    cli: Cli, tmp_path: Path, name: str, text: str, fault: str
) -> None:
    (tmp_path / name).write_text(text)

    found = cli("batch", name, "--json")

    assert (found.code, found.out) == (2, "")
    assert fault in found.err
    assert not Path("task2vec-store").exists()


def test_two_sources_of_one_name_are_refused(cli: Cli, sources: Path) -> None:
    shutil.make_archive(str(sources / "emoji_food"), "zip", sources / "emoji_food")

    found = cli("batch", sources)

    assert found.code == 2
    assert "emoji_food.zip" in found.err
    assert "CSV" in found.err


def test_a_store_that_cannot_be_written_ends_the_batch(
    cli: Cli, sources: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    found = cli("batch", sources, "--store", tmp_path / "file" / "store", "--json")

    # Not a line of failure for each source: none of them is to blame.
    assert (found.code, found.out) == (2, "")
    assert "cannot be written" in found.err
