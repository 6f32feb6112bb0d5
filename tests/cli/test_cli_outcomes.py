"""`task2vec outcomes`: what it says of what was recorded before or is of no use; taking it back."""

import shlex
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from command import Cli

from task2vec.cli import output

HEADER = "model,task,accuracy,protocol,images,seed\n"
ROWS = "efficientnet_lite0,emoji_food,0.5,p,90,1\nefficientnet_lite1,emoji_food,0.625,p,90,1\n"
SAID_ALREADY = "recorded already, with the same accuracy, protocol, images and seed"


def test_what_repeats_another_outcome_is_said_to_tell_nothing_new(on: Cli, tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    file.write_text(HEADER + ROWS)
    assert "already" not in on("outcomes", "import", file).err
    file.write_text(HEADER + ROWS + "efficientnet_lite1,greek_capitals,0.625,p,90,1\n")
    again = on("outcomes", "import", file).err
    assert f"2 outcomes were {SAID_ALREADY}" in again
    assert "Recorded 3 outcomes." in again
    # A line that stands twice in a file.
    file.write_text(HEADER + 2 * "efficientnet_lite2,emoji_food,0.5,p,90,1\n")
    assert f"1 outcome was {SAID_ALREADY}" in on("outcomes", "import", file).err

    add = ("outcomes", "add", "efficientnet_lite0", "emoji_food", "--accuracy", 0.5)
    first = on(*add).err
    (added,) = on("outcomes", "list", "--protocol", "fine-tuning", "--json").json["outcomes"]
    assert f"Recorded 50.0 % of efficientnet_lite0 on emoji_food as {added['id']}." in first
    assert "already" not in first + on(*add, "--seed", 2).err
    assert f"1 outcome was {SAID_ALREADY}" in on(*add).err


def test_what_a_terminal_would_obey_is_shown_in_escapes(on: Cli, store: Path) -> None:
    hostile = "a\n\x1b[31m\u202e'b"
    found = on(
        *("outcomes", "add", "efficientnet_lite2", "emoji_food", "--accuracy", 0.5),
        *("--protocol", hostile),
    )
    (line,) = [line for line in found.err.splitlines() if "not used" in line]
    assert line.isprintable()
    # And a shell reads the command that is suggested as what was meant.
    word = line.rpartition("--protocol ")[2].partition(" --store ")[0]
    read = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert read.stdout.decode() == hostile
    table = on("outcomes", "list")
    assert all(line.isprintable() for line in (table.out + table.err).splitlines())
    assert on("outcomes", "list", "--json").json["outcomes"][0]["protocol"] == hostile


def imported(cli: Cli, store: Path, file: Path, rows: str = ROWS) -> list[dict[str, Any]]:
    """Record rows of a file, and return the outcomes."""
    file.write_text(HEADER + rows)
    found: list[dict[str, Any]] = cli("outcomes", "import", file, "--store", store, "--json").json[
        "outcomes"
    ]
    return found


def recorded(cli: Cli, store: Path, *filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli(
        "outcomes", "list", *filters, "--store", store, "--json"
    ).json["outcomes"]
    return found


def test_the_list_shows_ids_and_is_filtered(cli: Cli, store: Path, tmp_path: Path) -> None:
    first, second = imported(cli, store, tmp_path / "o.csv")
    cli("outcomes", "add", "efficientnet_lite0", "emoji_food", "--accuracy", 0.5, "--store", store)
    (third,) = recorded(cli, store, "--protocol", "fine-tuning")

    table = cli("outcomes", "list", "--store", store).out
    assert all(each["id"] in table for each in (first, second, third))
    assert recorded(cli, store, "--protocol", "p") == [first, second]
    assert recorded(cli, store, "--created", first["created"]) == [first, second]
    nothing = cli("outcomes", "list", "--protocol", "q", "--store", store)
    assert (nothing.code, nothing.out) == (0, "")
    assert "No outcome is of that kind." in nothing.err


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("protocol", "fine-tuning/3 128px 252 images seed 0,90,1", "fine-tuning/3 128px 300,90,1"),
        ("images", "p,2252,1", "p,3300,1"),
        ("seed", "p,90,2252", "p,90,3300"),
        ("created", "p,90,1", "p,90,1"),
    ],
)
def test_what_tells_two_outcomes_apart_is_shown_at_80_columns(
    cli: Cli,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    column: str,
    first: str,
    second: str,
) -> None:
    monkeypatch.setattr(output, "_PIPE_WIDTH", 80)
    added = []
    for rest in (first, second):
        row = f"efficientnet_lite0,greek_capitals,0.5,{rest}\n"
        added += imported(cli, store, tmp_path / "o.csv", row)
    lines = cli("outcomes", "list", "--store", store).out.splitlines()
    assert max(map(len, lines)) <= 80
    assert column in lines[0]
    ids = [line.split()[0] for line in lines if line.startswith("out_")]
    assert ids == [each["id"] for each in added]
    start = next(number for number, line in enumerate(lines[2:], 2) if line.startswith("out_"))
    for number, text in enumerate(("\n".join(lines[1:start]), "\n".join(lines[start:]))):
        squeezed = "".join(text.split()).replace(",", "")
        expected = added[number]["created"][-8:] if column == "created" else ("252", "300")[number]
        assert expected in squeezed


def test_an_import_says_how_to_take_it_back(cli: Cli, store: Path, tmp_path: Path) -> None:
    before = imported(cli, store, tmp_path / "right.csv")
    time.sleep(0.003)
    (tmp_path / "wrong.csv").write_text(HEADER + ROWS)
    told = cli("outcomes", "import", tmp_path / "wrong.csv", "--store", store).err
    command = told.partition("To undo: `task2vec ")[2].partition("`")[0]

    undone = cli(*shlex.split(command), "--store", store)

    assert (undone.code, undone.out) == (0, "")
    assert "Removed 2 outcomes." in undone.err
    assert recorded(cli, store) == before


def test_all_outcomes_of_a_kind_are_removed(cli: Cli, store: Path, tmp_path: Path) -> None:
    rows = (
        ROWS + "efficientnet_lite1,greek_capitals,0.75,p,,\nefficientnet_lite1,emoji_food,0.5,q,,\n"
    )
    every = imported(cli, store, tmp_path / "o.csv", rows)
    kind = ("--model", "efficientnet_lite1", "--task", "emoji_food", "--protocol", "p")

    done = cli("outcomes", "remove", *kind, "--store", store, "--json")
    assert done.json == {"removed": 1, "outcomes": [every[1]]}
    assert recorded(cli, store) == [every[0], *every[2:]]
    again = cli("outcomes", "remove", *kind, "--store", store)
    assert (again.code, again.out) == (3, "")
    assert "none was removed" in again.err
    assert cli("outcomes", "remove", "--protocol", "p", "--store", store).code == 0
    assert recorded(cli, store) == [every[3]]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "",
            "expected either their ids, or at least one of --model, --task, --protocol, --created",
        ),
        ("out_x --task emoji_food", "got both"),
        ("--protocol=", "--protocol is empty"),
        ("--model= --task emoji_food", "--model is empty"),
        ("--created yesterday", "expected one in ISO 8601"),
        ("--task emoji_fod", "Did you mean 'emoji_food'?"),
    ],
)
def test_what_says_not_what_to_remove_removes_nothing(
    cli: Cli, store: Path, tmp_path: Path, line: str, said: str
) -> None:
    before = imported(cli, store, tmp_path / "o.csv")
    refused = cli("outcomes", "remove", *line.split(), "--store", store)
    assert (refused.code, refused.out) == (2, "")
    assert said in refused.err
    assert recorded(cli, store) == before
