"""Outcomes from a file: what is wrong with it, what is not its fault, and how long it takes."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from factories import make_record
from served import embedding
from sqlalchemy import Engine, event

from task2vec.errors import InputError, SettingError, StoreError
from task2vec.service.catalogue import add_outcomes
from task2vec.service.outcome_file import Measured
from task2vec.service.outcomes import import_outcomes
from task2vec.service.workspace import Workspace
from task2vec.types.names import LONGEST_PROTOCOL

MODELS, TASKS = ("efficientnet_lite0", "efficientnet_lite1"), ("emoji_food", "greek_capitals")
ROWS = 3000


@pytest.fixture
def workspace(served: Workspace) -> Workspace:
    """A workspace whose store has two tasks."""
    for number, name in enumerate(TASKS):
        found = embedding(number)
        served.store().tasks.add(make_record(name, provenance=found.provenance), found)
    return served


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """What any database is asked for from here on."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield asked
    event.remove(Engine, "before_cursor_execute", note)


def csv(path: Path, *lines: str, header: str = "model,task,accuracy,protocol,seed") -> Path:
    path.write_text("\n".join((header, *lines)) + "\n")
    return path


def many() -> list[Measured]:
    return [Measured(MODELS[i % 2], TASKS[i % 3 % 2], i / ROWS, seed=i) for i in range(ROWS)]


def test_many_lines_are_one_insert_and_names_are_looked_up_once(
    workspace: Workspace, statements: list[str], tmp_path: Path
) -> None:
    lines = [f"{m.model},{m.task},{m.accuracy!r},p,{m.seed}" for m in many()]
    added = import_outcomes(workspace, csv(tmp_path / "o.csv", *lines))
    assert len(statements) < 60
    assert sum(text.startswith("INSERT INTO outcomes") for text in statements) == 1
    stored = workspace.store().outcomes.list()
    assert stored == added
    assert [(o.accuracy, o.seed) for o in stored] == [(m.accuracy, m.seed) for m in many()]


def test_so_are_those_that_a_client_sends(workspace: Workspace, statements: list[str]) -> None:
    added = add_outcomes(workspace, many())
    assert len(statements) < 60
    assert [(o.model, o.task) for o in added] == [(m.model, m.task) for m in many()]
    assert workspace.store().outcomes.list() == [each.outcome for each in added]


def test_the_first_line_with_a_name_that_is_not_known_is_told(
    workspace: Workspace, tmp_path: Path
) -> None:
    lines = [f"{MODELS[0]},{TASKS[0]},0.5,p,1", f"{MODELS[0]},nosuch,0.5,p,1"] * 2
    with pytest.raises(InputError, match=r"^Line 3 of .*'nosuch'"):
        import_outcomes(workspace, csv(tmp_path / "o.csv", *lines))
    assert workspace.store().outcomes.list() == []


def test_what_ails_the_store_is_not_blamed_on_a_line(workspace: Workspace, tmp_path: Path) -> None:
    file = csv(tmp_path / "o.csv", f"{MODELS[0]},{TASKS[0]},0.5,p,1")
    with sqlite3.connect(workspace.path / "task2vec.sqlite3") as connection:
        connection.execute("ALTER TABLE tasks RENAME TO gone")
    connection.close()
    with pytest.raises(StoreError, match=r"^The database .* failed"):
        import_outcomes(workspace, file)


def test_a_header_alone_holds_no_outcomes(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not hold outcomes.*got the header alone"):
        import_outcomes(workspace, csv(tmp_path / "o.csv"))


def test_a_protocol_is_as_long_from_a_file_as_from_a_client(
    workspace: Workspace, tmp_path: Path
) -> None:
    longest = "p" * LONGEST_PROTOCOL
    line = f"{MODELS[0]},{TASKS[0]},0.5,{longest}"
    (added,) = import_outcomes(workspace, csv(tmp_path / "o.csv", f"{line},1"))
    assert added.protocol == longest
    with pytest.raises(InputError, match=r"^Line 2 of .*, column protocol, .* 500 char.* got 501"):
        import_outcomes(workspace, csv(tmp_path / "o.csv", f"{line}p,1"))
    with pytest.raises(SettingError, match="expected at most 500 characters, got 501"):
        Measured(MODELS[0], TASKS[0], 0.5, protocol=f"{longest}p")
