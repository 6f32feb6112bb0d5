"""The reference of the command line against the command line itself."""

import re

import pytest

from docs.build import DOCS, main
from docs.reference import commands
from task2vec.cli.run import run

COMMANDS = dict(commands())
IDS = [" ".join(path) for path in COMMANDS]


def section(path: tuple[str, ...]) -> str:
    """Return what docs/cli.md says of a command."""
    text = (DOCS / "cli.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {' '.join(path)}\n(.*?)(?=^## |\Z)", text, flags=re.M | re.S)
    assert found, f"docs/cli.md has no section {' '.join(path)}"
    return found[1]


def test_the_reference_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0, capsys.readouterr().err


def test_check_names_a_stale_file_and_the_remedy(tmp_path, capsys) -> None:
    (tmp_path / "cli.md").write_text("# Command line\n")
    assert main(["--check"], folder=tmp_path) == 1
    message = capsys.readouterr().err
    assert str(tmp_path / "cli.md") in message
    assert "make docs" in message
    assert (tmp_path / "cli.md").read_text() == "# Command line\n"


def test_building_writes_what_check_wants(tmp_path, capsys) -> None:
    assert main(["--check"], folder=tmp_path) == 1
    assert main([], folder=tmp_path) == 0
    assert main(["--check"], folder=tmp_path) == 0
    assert (tmp_path / "cli.md").read_bytes() == (DOCS / "cli.md").read_bytes()


def test_the_tree_is_walked_to_its_leaves() -> None:
    assert {"task2vec", "task2vec embed", "task2vec models", "task2vec outcomes import"} <= set(IDS)


@pytest.mark.parametrize("path", COMMANDS, ids=IDS)
def test_help_and_reference_tell_the_same(path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert run([*path[1:], "--help"]) == 0
    shown = capsys.readouterr().out
    documented = section(path)
    for kind, pattern in {
        "options": r"(?<![\w`-])--[a-z][a-z-]+",
        "environment variables": r"TASK2VEC_[A-Z0-9_]+",
    }.items():
        offered = set(re.findall(pattern, shown))
        offered = {name for name in offered if "completion" not in name.lower()} - {"--help"}
        missing = {name for name in offered if name not in documented}
        assert not missing, f"{kind} that docs/cli.md does not know: {missing}"


@pytest.mark.parametrize("path", COMMANDS, ids=IDS)
def test_every_option_and_argument_is_explained(path) -> None:
    documented = section(path)
    for parameter in COMMANDS[path].params:
        if "completion" in parameter.name:
            continue
        names = (
            parameter.opts
            if parameter.param_type_name == "option"
            else [parameter.metavar or parameter.name.upper()]
        )
        for name in names:
            assert re.search(rf"^\| `.*{re.escape(name)}\b.*` \|", documented, flags=re.M), name
        meaning = " ".join((parameter.help or "").split()).replace("|", "\\|")
        assert meaning in documented
