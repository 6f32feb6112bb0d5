"""`--help`: commands in groups, options in panels, environment variables once."""

import re
from pathlib import Path

import pytest
from command import Cli

from docs.reference import commands
from task2vec.cli.app import COMMANDS, VARIABLES

LEAVES = [path[1:] for path, command in commands() if not getattr(command, "commands", None)]


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_every_command_is_in_one_group(cli: Cli) -> None:
    shown = cli("--help").out
    grouped = [name for names in COMMANDS.values() for name in names]

    assert sorted(grouped) == sorted({path[1] for path, _ in commands() if len(path) > 1})
    places = [shown.index(f" {panel} ─") for panel in COMMANDS]
    assert places == sorted(places)
    assert "─ Commands ─" not in shown
    assert shown.count("TASK2VEC_RECOMMEND_BUDGET") == 1


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_options_are_in_panels_and_name_no_variables(cli: Cli, path: tuple[str, ...]) -> None:
    shown = cli(*path, "--help").out

    assert "env var" not in shown
    if "--store" in shown:
        own, shared = shown.split(" Store, server and output ─")
        assert "│ --store " in shared
        assert "│ --store " not in own


@pytest.mark.parametrize("path", [(), *LEAVES], ids=" ".join)
def test_values_are_named_by_nouns(cli: Cli, path: tuple[str, ...]) -> None:
    shown = cli(*path, "--help").out
    assert not re.search(r"<(str|int|float|bool|path|list)|TEXT|INTEGER|FLOAT", shown)


def test_the_values_of_an_option_are_listed(cli: Cli) -> None:
    shown = " ".join(cli("jobs", "list", "--help").out.replace("│", " ").split())
    assert "--state STATE Only jobs in this state. One of queued, running, cancelling, " in shown


def test_help_and_quick_start_name_the_same_variables_of_all_commands() -> None:
    page = (Path(__file__).parents[2] / "docs/quick-start.md").read_text(encoding="utf-8")
    settings = page.partition("\n## Settings\n")[2].partition("\n## ")[0]

    def named(text: str) -> set[str]:
        # Those of one command are examples.
        names = set(re.findall(r"TASK2VEC_[A-Z_]*[A-Z]", text))
        return {name for name in names if name.count("_") == 1 or name == "TASK2VEC_API_KEY"}

    assert named(VARIABLES) == named(settings.partition("Options can also come")[0])
