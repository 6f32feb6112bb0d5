"""Outcomes as they are recorded, told to repeat others, and taken back; and how long it takes."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from factories import replace
from served import add_task
from sqlalchemy import Engine, event

from task2vec.errors import InputError, SettingError, StoreError, UnknownNameError
from task2vec.jobs.jobs import job_for
from task2vec.messages.backtests import BacktestQuestion
from task2vec.messages.outcomes import (
    NewOutcome,
    NewOutcomes,
    Outcome,
    OutcomeFilter,
    new_outcome,
)
from task2vec.service.models.zoo import get_model
from task2vec.service.outcomes import (
    add_outcomes,
    get_outcome,
    import_outcomes,
    page_of_outcomes,
    remove_outcomes,
)
from task2vec.service.workspace import Workspace
from task2vec.types.names import LONGEST_PROTOCOL

MODELS, TASKS = ("efficientnet_lite0", "efficientnet_lite1"), ("emoji_food", "greek_capitals")
ROWS = 3000


@pytest.fixture
def workspace(served: Workspace) -> Workspace:
    """A workspace whose store has two tasks."""
    for number, name in enumerate(TASKS):
        add_task(served, name, number)
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


def add(workspace: Workspace, outcomes: list[NewOutcome]) -> list[Outcome]:
    return add_outcomes(workspace, NewOutcomes(outcomes=outcomes))


def listed(workspace: Workspace, **filters: str) -> list[Outcome]:
    return page_of_outcomes(workspace, OutcomeFilter(**filters)).items


def many() -> list[NewOutcome]:
    return [new_outcome(MODELS[i % 2], TASKS[i % 3 % 2], i / ROWS, seed=i) for i in range(ROWS)]


def test_many_lines_are_one_insert_and_names_are_looked_up_once(
    workspace: Workspace, statements: list[str], tmp_path: Path
) -> None:
    lines = [f"{m.model},{m.task},{m.accuracy!r},p,{m.seed}" for m in many()]
    added = import_outcomes(workspace, csv(tmp_path / "o.csv", *lines))
    assert len(statements) < 60
    assert sum(text.startswith("INSERT INTO outcomes") for text in statements) == 1
    stored = workspace.store().outcomes.list()
    assert [o.id for o in stored] == [each.id for each in added]
    assert [(o.accuracy, o.seed) for o in stored] == [(m.accuracy, m.seed) for m in many()]


def test_the_first_line_with_a_name_that_is_not_known_is_told(
    workspace: Workspace, tmp_path: Path
) -> None:
    lines = [f"{MODELS[0]},{TASKS[0]},0.5,p,1", f"{MODELS[0]},nosuch,0.5,p,1"] * 2
    with pytest.raises(InputError, match=r"^Line 3 of .*'nosuch'"):
        import_outcomes(workspace, csv(tmp_path / "o.csv", *lines))
    assert workspace.store().outcomes.list() == []


def test_a_cell_without_a_name_is_told_by_its_line(workspace: Workspace, tmp_path: Path) -> None:
    file = csv(tmp_path / "o.csv", f"{MODELS[0]},,0.5,p,1")
    with pytest.raises(InputError, match=r"^Line 2 of .*, column task, .* got an empty cell"):
        import_outcomes(workspace, file)


def test_what_ails_the_store_is_not_blamed_on_a_line(workspace: Workspace, tmp_path: Path) -> None:
    file = csv(tmp_path / "o.csv", f"{MODELS[0]},{TASKS[0]},0.5,p,1")
    with sqlite3.connect(workspace.path / "task2vec.sqlite3") as connection:
        connection.execute("ALTER TABLE tasks RENAME TO gone")
    connection.close()
    with pytest.raises(StoreError, match=r"^The schema of the database .* is damaged"):
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
        new_outcome(MODELS[0], TASKS[0], 0.5, protocol=f"{longest}p")


def pages(workspace: Workspace, size: int, **filters: str) -> list[Outcome]:
    """Return all outcomes, read page by page."""
    found, after, question = [], 0, OutcomeFilter(**filters)
    while True:
        page = page_of_outcomes(workspace, question, limit=size, after=after)
        found += page.items
        if page.next is None:
            return found
        after = page.next


def test_an_outcome_tells_which_one_it_repeats(workspace: Workspace) -> None:
    one = new_outcome(MODELS[0], TASKS[0], 0.5, images=90, seed=1)
    changes = [
        {"model": MODELS[1]},
        {"task": TASKS[1]},
        {"accuracy": 0.625},
        {"protocol": "p"},
        {"images": None},
        {"seed": 2},
        {"seed": None},
    ]
    others = [replace(one, **change) for change in changes]
    first, *rest, again = add(workspace, [one, *others, one])
    (later,) = add(workspace, [one])
    (bare,) = add(workspace, [replace(one, seed=None)])

    assert [each.repeats for each in (first, *rest)] == [None] * 8
    assert (again.repeats, later.repeats) == (first.id, first.id)
    assert bare.repeats == rest[6].id
    every = [first, *rest, again, later, bare]
    assert listed(workspace) == every
    assert pages(workspace, 2) == pages(workspace, 1000) == every
    assert listed(workspace, model=MODELS[1]) == [rest[0]]
    assert listed(workspace, created=later.created) == [later]
    assert [get_outcome(workspace, each.id) for each in every] == every


def test_what_is_repeated_is_read_in_one_query_however_many_there_are(
    workspace: Workspace, statements: list[str]
) -> None:
    first = add(workspace, many())
    before = len(statements)
    again = add(workspace, many())

    assert [each.repeats for each in again] == [each.id for each in first]
    assert len(statements) - before < 20
    reading = [text for text in statements[before:] if "FROM outcomes" in text]
    assert len(reading) == 1


def test_where_the_first_is_removed_the_next_is_the_first(workspace: Workspace) -> None:
    one = new_outcome(MODELS[0], TASKS[0], 0.5)
    first, second, third = add(workspace, [one] * 3)

    assert remove_outcomes(workspace, [first.id]) == [first]
    assert listed(workspace) == [
        replace(second, repeats=None),
        replace(third, repeats=second.id),
    ]


def test_an_empty_filter_does_not_stand_for_everything(workspace: Workspace) -> None:
    add(workspace, many()[:3])
    for filters in ({"model": ""}, {"task": ""}):
        with pytest.raises(UnknownNameError):
            listed(workspace, **filters)
    assert listed(workspace, protocol="") == []


def test_a_backtest_is_another_where_an_outcome_was_replaced(workspace: Workspace) -> None:
    def about() -> str | None:
        return job_for(workspace, BacktestQuestion()).same_as

    _, second = add(workspace, many()[:2])
    known = about()
    assert about() == known
    remove_outcomes(workspace, [second.id])
    assert about() != known
    add(workspace, many()[1:2])
    assert about() != known


def test_what_is_recorded_by_ids_is_told_by_names(workspace: Workspace) -> None:
    task = workspace.store().tasks.get(TASKS[0])
    model = get_model(workspace, MODELS[0])
    assert (model.id, task.id) != (model.name, task.name)
    (added,) = add(workspace, [new_outcome(model.id, task.id, 0.5)])
    assert (added.model, added.task) == (MODELS[0], TASKS[0])


@pytest.mark.parametrize(
    ("cells", "column"), [("1_0e-1_0,1", "accuracy"), ("0.5,1_0", "seed"), ("0_0,1", "accuracy")]
)
def test_numbers_of_a_file_are_not_pythons(
    workspace: Workspace, tmp_path: Path, cells: str, column: str
) -> None:
    file = csv(
        tmp_path / "o.csv", f"{MODELS[0]},{TASKS[0]},{cells}", header="model,task,accuracy,seed"
    )
    with pytest.raises(InputError, match=f"column {column}, is unusable"):
        import_outcomes(workspace, file)
