"""Where options come from: the command line, then the environment, then a TOML file."""

from pathlib import Path

import pytest
from command import Cli, Result
from small_store import SmallStore


def named(found: Result) -> list[str]:
    return [row["name"] for row in found.json["neighbours"]]


def test_the_environment_names_the_store(
    cli: Cli, small: SmallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASK2VEC_STORE", str(small.store))
    monkeypatch.setenv("TASK2VEC_JSON", "1")

    assert len(cli("list").json["tasks"]) == 4
    assert cli("list", "--store", "elsewhere").json == {"tasks": []}


def test_the_file_in_the_folder_holds_for_every_command_and_its_tables_for_one(
    cli: Cli, small: SmallStore
) -> None:
    Path("task2vec.toml").write_text(
        f'store = "{small.store}"\njson = true\n[neighbours]\nk = 2\n[models.list]\njson = false\n'
    )

    assert len(cli("list").json["tasks"]) == 4
    assert len(named(cli("neighbours", "emoji_food"))) == 2
    assert len(named(cli("neighbours", "emoji_food", "-k", 1))) == 1
    assert cli("outcomes", "list").json == {"outcomes": []}
    assert cli("models", "list").out.startswith("name ")


def test_a_table_of_a_group_holds_for_its_commands(cli: Cli, small: SmallStore) -> None:
    Path("task2vec.toml").write_text("[models]\njson = true\n")

    assert "models" in cli("models", "list").json
    assert cli("probes").out.startswith("name ")


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    cli: Cli, small: SmallStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine.toml").write_text(f'store = "{small.store}"\njson = true\n[neighbours]\nk = 1\n')
    arguments = ("--config", "mine.toml", "neighbours", "emoji_food")

    assert len(named(cli(*arguments))) == 1
    monkeypatch.setenv("TASK2VEC_NEIGHBOURS_K", "2")
    assert len(named(cli(*arguments))) == 2
    assert len(named(cli(*arguments, "-k", 3))) == 3


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("bogus = 1", "'bogus'"),
        ("[embed]\nbogus = 1", "'embed.bogus'"),
        ("[nosuch]\nstore = 'a'", "'nosuch'"),
        ("[models]\nbogus = 1", "'models.bogus'"),
        ("[models.list]\nbogus = 1", "'list.bogus'"),
        ("embed = 3", "'embed'"),
        ("source = 'photos'", "'source'"),
        ("images = ", "cannot be read"),
        ("images = 'many'\n[probes]\njson = true", None),
    ],
)
def test_a_faulty_file_is_refused(cli: Cli, text: str, fault: str | None) -> None:
    Path("task2vec.toml").write_text(text)

    found = cli("probes", "--json")

    if fault is None:
        # Only the commands that have the option can tell that its value is wrong.
        assert found.code == 0
        found, fault = cli("embed", "photos"), "'--images'"
    assert (found.code, found.out) == (2, "")
    assert fault in found.err


def test_a_faulty_value_is_told_with_where_it_comes_from(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = cli("serve", "--port", "abc").err
    Path("task2vec.toml").write_text('[serve]\nport = "abc"\n')
    in_file = cli("serve").err
    Path("mine.toml").write_text('[serve]\nport = "abc"\n')
    in_own = cli("--config", "mine.toml", "serve").err
    monkeypatch.setenv("TASK2VEC_SERVE_PORT", "abc")
    in_environment = cli("serve").err

    assert "'--port'" in given
    assert "(from" not in given
    assert "'--port'" in in_file
    assert "(from the settings file, task2vec.toml)" in in_file
    assert "(from the settings file, mine.toml)" in in_own
    assert "(from the environment, TASK2VEC_SERVE_PORT)" in in_environment


def test_a_misspelt_variable_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TASK2VEC_SERVE_PORT", "TASK2VEC_MODELS_LIST_AS_JSON", "TASK2VEC_WORKER_PARENT"):
        monkeypatch.setenv(name, "1")
    # Of a container, or of Kubernetes.
    for name in ("TASK2VEC_VERSION", "TASK2VEC_PORT_8000_TCP", "TASK2VEC_SERVICE_HOST"):
        monkeypatch.setenv(name, "1")
    assert cli("probes", "--json").err == ""

    monkeypatch.setenv("TASK2VEC_SERVE_PROT", "1")
    found = cli("probes", "--json")
    assert found.code == 0
    assert found.err == (
        "Warning: the environment sets TASK2VEC_SERVE_PROT, which no command reads. "
        "Did you mean TASK2VEC_SERVE_PORT?\n"
    )


@pytest.mark.parametrize(
    ("file", "told"), [("nosuch.toml", "no such file or directory"), (".", "is a directory")]
)
def test_a_file_that_was_named_must_be_there(cli: Cli, file: str, told: str) -> None:
    found = cli("--config", file, "list")

    assert found.code == 2
    assert f"cannot be read: got {told}" in found.err
