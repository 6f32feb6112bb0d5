"""How results show themselves: HTML in notebooks, tables in terminals.

Importing this module registers it with the wire models.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from task2vec.client.candidates import (
    candidate_columns,
    candidate_rows,
    evidence_line,
    promise,
    table_note,
    verdict,
)
from task2vec.client.display_map import html_of_map
from task2vec.client.wording import (
    distance_notes,
    information_cells,
    interval,
    marked_names,
    number,
    percent,
    rank_marks,
    same_images_note,
    shared_notes,
    shared_pairs_note,
    shown,
    tie_note,
)
from task2vec.messages.backtests import Backtest
from task2vec.messages.batches import Item
from task2vec.messages.catalogue import TaskMap, Tuned
from task2vec.messages.jobs import Job
from task2vec.messages.models import Model
from task2vec.messages.neighbours import Distances, Neighbours
from task2vec.messages.outcomes import Outcome
from task2vec.messages.predictions import Prediction
from task2vec.messages.recommendations import Recommended
from task2vec.messages.showing import as_html, as_rich
from task2vec.messages.tasks import Task
from task2vec.types.html import html_table
from task2vec.types.names import visible

Cell = str | float | int | None

#: How many classes of an image are shown.
_SHARES = 5


@dataclass(frozen=True)
class Sheet:
    """A table with a title above and sentences below, before it is HTML or text."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    notes: Sequence[str] = ()


def of_task(task: Task) -> Sheet:
    """Return a task's facts."""
    rows: list[Sequence[Cell]] = [
        ("images", f"{task.images} of {task.classes} classes"),
        ("complexity", number(task.complexity)),
        ("standard error", number(task.standard_error)),
        ("probe", task.probe),
        ("tags", " ".join(task.tags) or "-"),
        ("id", task.id),
    ]
    return Sheet(f"Task {task.name}", ("", ""), rows, _warnings(task.warnings))


def of_neighbours(found: Neighbours) -> Sheet:
    """Return neighbours, the nearest first."""
    marks = rank_marks(found)
    rows = [
        (mark, name, number(shown(n.distance)), number(n.standard_error))
        for mark, name, n in zip(marks, marked_names(found), found.neighbours, strict=True)
    ]
    columns = ("rank", "task", "distance", "standard error")
    notes = (*tie_note(marks), *shared_notes(found), *_warnings(found.warnings))
    return Sheet(f"Nearest to {found.task}", columns, rows, notes)


def of_distances(found: Distances) -> Sheet:
    """Return all distances of a pair."""
    title = f"{found.source}, {found.target}"
    if found.same_images:
        return Sheet(title, ("", ""), [("distance", "0")], (same_images_note(found),))
    symmetric = number(shown(found.symmetric))
    rows: list[Sequence[Cell]] = [("symmetric", symmetric, symmetric)]
    asymmetric = found.asymmetric
    ways = (asymmetric.source_to_target, asymmetric.target_to_source)
    rows.append(("asymmetric", *map(number, ways)))
    rows.append(("information (nats)", *information_cells(found)))
    columns = ("distance", f"{found.source} → {found.target}", f"{found.target} → {found.source}")
    return Sheet(title, columns, rows, (*distance_notes(found), *_warnings(found.warnings)))


def of_recommended(found: Recommended) -> Sheet:
    """Return a recommendation with its evidence."""
    promised = promise(found)
    return Sheet(
        f"{found.task}. {verdict(found)}",
        candidate_columns(found),
        candidate_rows(found),
        (
            f"{found.reason[:1].upper()}{found.reason[1:]}.",
            *((promised,) if promised else ()),
            table_note(found),
            evidence_line(found),
            found.evidence_summary,
            *_warnings(found.warnings),
        ),
    )


def of_backtest(found: Backtest) -> Sheet:
    """Return how each ranker did."""
    rows = [
        (
            each.name,
            number(each.weighted_kendall, 2),
            f"{100 * each.regret_at_1:.1f}",
            percent(each.top_1),
            "{:+z.1f} [{:+z.1f}, {:+z.1f}]".format(
                *(100 * gain for gain in (each.gain, *each.ci.gain))
            ),
            number(each.headroom_captured, 2),
        )
        for each in found.rankers
    ]
    return Sheet(
        f"Backtest on {found.tasks} tasks, without each {found.folds.value}",
        (
            *("ranker", "weighted tau", "regret@1 (points)", "first is best"),
            *("gain (points)", "headroom captured"),
        ),
        rows,
        (*shared_pairs_note(found), found.sentence, *_warnings(found.warnings)),
    )


def of_tuned(found: Tuned) -> Sheet:
    """Return what fine-tuning gave."""
    rows: list[Sequence[Cell]] = [
        ("accuracy", f"{percent(found.accuracy)} on {found.test_images} images"),
        ("95 % interval", interval(found.interval)),
        ("every class the same", percent(found.balanced_accuracy)),
        ("chosen", "fine-tuning" if found.best_epoch else "a linear probe"),
        ("because", found.choice.reason if found.choice else ""),
        ("kept epoch", f"{found.best_epoch} of {found.epochs}"),
        ("protocol", found.protocol),
    ]
    return Sheet(f"Expert {found.model} on {found.task}", ("", ""), rows, _warnings(found.warnings))


def of_prediction(found: Prediction) -> Sheet:
    """Return the probabilities of an image, the likeliest class first."""
    shares = sorted((found.probabilities or {}).items(), key=lambda pair: -pair[1])
    rows = [(label, percent(share)) for label, share in shares[:_SHARES]]
    more = len(shares) - _SHARES
    notes = (*((found.error,) if found.error else ()), *((f"{more} more.",) if more > 0 else ()))
    return Sheet(found.path, ("class", "probability"), rows, notes)


def of_record(found: Model | Outcome | Job | Item) -> Sheet:
    """Return the plain fields of a record."""
    rows = [
        (name, _plain(value))
        for name, value in found.model_dump(mode="json").items()
        if not isinstance(value, dict | list)
    ]
    return Sheet(type(found).__name__, ("", ""), rows)


def html_of_sheet(sheet: Sheet) -> str:
    """Return HTML."""
    rows = [[_plain(cell) for cell in row] for row in sheet.rows]
    return html_table(sheet.title, rows, columns=sheet.columns, notes=sheet.notes)


def rich_of_sheet(sheet: Sheet) -> Any:
    """Return a rich table; texts are shown as they are, not read as markup."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(visible(sheet.title)),
        title_justify="left",
        box=None,
        show_header=any(sheet.columns),
    )
    for column in sheet.columns:
        table.add_column(Text(visible(column)), overflow="fold")
    for row in sheet.rows:
        table.add_row(*(Text(_plain(cell)) for cell in row))
    return Group(table, *(Text(visible(note)) for note in sheet.notes))


def of_map(found: TaskMap) -> Sheet:
    """Return the map as a table of points."""
    rows = [(p.name, number(p.x), number(p.y), p.group, p.classes) for p in found.points]
    return Sheet(
        f"Map by {found.method}, stress {found.stress:.2f}",
        ("task", "x", "y", "group", "classes"),
        rows,
        _warnings(found.warnings),
    )


def _plain(cell: Any) -> str:
    return "-" if cell is None else visible(str(cell))


def _warnings(warnings: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"Warning: {warning}" for warning in warnings)


def _register() -> None:
    sheets = {
        Task: of_task,
        Neighbours: of_neighbours,
        Distances: of_distances,
        Recommended: of_recommended,
        Backtest: of_backtest,
        Tuned: of_tuned,
        Prediction: of_prediction,
        Model: of_record,
        Outcome: of_record,
        Job: of_record,
        Item: of_record,
    }
    for kind, sheet in sheets.items():
        as_html.register(kind)(lambda found, sheet=sheet: html_of_sheet(sheet(found)))
        as_rich.register(kind)(lambda found, sheet=sheet: rich_of_sheet(sheet(found)))
    as_html.register(TaskMap)(html_of_map)
    as_rich.register(TaskMap)(lambda found: rich_of_sheet(of_map(found)))


_register()
