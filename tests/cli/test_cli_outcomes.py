"""`task2vec outcomes`: what it says of what was recorded before, and of what it cannot use."""

import subprocess
from pathlib import Path

from command import Cli

HEADER = "model,task,accuracy,protocol,images,seed\n"
ROWS = "efficientnet_lite0,emoji_food,0.5,p,90,1\nefficientnet_lite1,emoji_food,0.625,p,90,1\n"
SAID_ALREADY = "recorded already, with the same accuracy, protocol, images and seed"


def test_a_file_that_is_imported_again_is_said_to_tell_nothing_new(
    cli: Cli, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "o.csv"
    file.write_text(HEADER + ROWS)
    first = cli("outcomes", "import", file, "--store", store)
    assert "already" not in first.err
    file.write_text(HEADER + ROWS + "efficientnet_lite1,greek_capitals,0.625,p,90,1\n")
    again = cli("outcomes", "import", file, "--store", store)
    assert f"2 outcomes were {SAID_ALREADY}" in again.err
    assert "Recorded 3 outcomes." in again.err


def test_a_line_that_stands_twice_in_a_file_is_said_to_tell_nothing_new(
    cli: Cli, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "o.csv"
    file.write_text(HEADER + ROWS + ROWS.splitlines()[0] + "\n")
    assert f"1 outcome was {SAID_ALREADY}" in cli("outcomes", "import", file, "--store", store).err


def test_an_outcome_that_is_added_again_is_said_to_tell_nothing_new(cli: Cli, store: Path) -> None:
    at = ("outcomes", "add", "efficientnet_lite0", "emoji_food", "--accuracy", 0.5)
    assert "already" not in cli(*at, "--store", store).err
    assert "already" not in cli(*at, "--seed", 2, "--store", store).err
    assert f"1 outcome was {SAID_ALREADY}" in cli(*at, "--store", store).err


def test_what_a_terminal_would_obey_is_shown_in_escapes(cli: Cli, store: Path) -> None:
    hostile = "a\n\x1b[31m\u202e'b"
    found = cli(
        *("outcomes", "add", "efficientnet_lite2", "emoji_food", "--accuracy", 0.5),
        *("--protocol", hostile, "--store", store),
    )
    (line,) = [line for line in found.err.splitlines() if "not used" in line]
    assert line.isprintable()
    # And a shell reads the command that is suggested as what was meant.
    word = line.rpartition("--protocol ")[2].rstrip("`")
    read = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert read.stdout.decode() == hostile
    table = cli("outcomes", "list", "--store", store)
    assert all(line.isprintable() for line in (table.out + table.err).splitlines())
    assert (
        cli("outcomes", "list", "--store", store, "--json").json["outcomes"][0]["protocol"]
        == hostile
    )
