"""How answers show themselves: HTML in notebooks, tables in terminals, a line in `repr`.

Importing this module registers it with the messages.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from task2vec.client.show.backtest import of_backtest
from task2vec.client.show.expert import of_comparison, of_evaluation, of_prediction, of_tuned
from task2vec.client.show.information import headline, of_layers_needed, reading
from task2vec.client.show.map import html_of_map, of_map
from task2vec.client.show.neighbours import of_distances, of_neighbours
from task2vec.client.show.recommendation import of_recommended, reasons
from task2vec.client.show.record import of_job, of_record, of_task
from task2vec.client.show.sheet import (
    Sheet,
    html_of,
    interval,
    not_negative,
    number,
    percent,
    points,
)
from task2vec.data.wording import plural
from task2vec.messages.backtests import Backtest
from task2vec.messages.batches import Item
from task2vec.messages.catalogue import TaskMap
from task2vec.messages.comparisons import Comparison
from task2vec.messages.evaluations import Evaluation
from task2vec.messages.finetuning import Tuned
from task2vec.messages.information import TaskInformation
from task2vec.messages.jobs import Job
from task2vec.messages.models import Model
from task2vec.messages.neighbours import Distances, Neighbours
from task2vec.messages.outcomes import Outcome
from task2vec.messages.predictions import Prediction
from task2vec.messages.recommendations import Recommended
from task2vec.messages.showing import as_html, as_line, as_rich
from task2vec.messages.tasks import Task
from task2vec.types.names import visible
from task2vec.types.tuning import TRAINED

if TYPE_CHECKING:
    from task2vec.client.show.table import Drawn


def _of_recommended(answer: Recommended) -> Sheet:
    sheet = of_recommended(answer)
    return replace(sheet, notes=(*reasons(answer), *sheet.notes, answer.evidence_summary))


def _of_information(answer: TaskInformation) -> Sheet:
    sheet = of_layers_needed(answer)
    title = f"Information that {answer.task} needs in {answer.probe}"
    return replace(sheet, title=title, notes=(headline(answer), *reading(answer)))


_SHEETS: dict[type, Callable[[Any], Sheet]] = {
    Task: of_task,
    Neighbours: of_neighbours,
    Distances: of_distances,
    Recommended: _of_recommended,
    Backtest: of_backtest,
    Tuned: of_tuned,
    Evaluation: of_evaluation,
    Comparison: of_comparison,
    Prediction: of_prediction,
    TaskInformation: _of_information,
    TaskMap: of_map,
    Model: of_record,
    Outcome: of_record,
    Job: of_job,
    Item: of_record,
}


def _sheet(answer: Any) -> Sheet:
    """Return the sheet of an answer, with its warnings as the last sentences."""
    kind = next(kind for kind in type(answer).__mro__ if kind in _SHEETS)
    sheet = _SHEETS[kind](answer)
    warnings = [f"Warning: {warning}" for warning in getattr(answer, "warnings", ())]
    return replace(sheet, notes=(*sheet.notes, *warnings))


def _html(answer: Any) -> str:
    return html_of(_sheet(answer))


def _drawn(answer: Any) -> "Drawn":
    from task2vec.client.show.table import Drawn

    return Drawn(_sheet(answer))


for _kind in _SHEETS:
    as_html.register(_kind)(html_of_map if _kind is TaskMap else _html)
    as_rich.register(_kind)(_drawn)


#: How many neighbours a line names.
_NAMED = 3


@as_line.register
def _(answer: Task) -> str:
    return _line(
        f"Task '{answer.name}'",
        f"{answer.images:,} images of {answer.classes:,} classes",
        f"standard error {number(answer.standard_error)}",
        warnings=answer.warnings,
    )


@as_line.register
def _(answer: Neighbours) -> str:
    near = [f"{each.name} {number(not_negative(each.distance))}" for each in answer.neighbours]
    more = ["..."] if len(near) > _NAMED else []
    return _line(
        f"Neighbours of '{answer.task}'",
        ", ".join((near[:_NAMED] or ["none"]) + more),
        warnings=answer.warnings,
    )


@as_line.register
def _(answer: Distances) -> str:
    return _line(
        f"Distances of '{answer.source}' and '{answer.target}'",
        f"symmetric {number(not_negative(answer.symmetric))} ± {number(answer.standard_error)}",
    )


@as_line.register
def _(answer: Recommended) -> str:
    first = next((each for each in answer.recommendations if each.model == answer.chosen), None)
    gain = None
    if first is not None and not answer.abstained:
        gain = f"{points(first.plan(answer.recipe).gain)} points {TRAINED[answer.recipe]}"
    return _line(
        f"Recommended for '{answer.task}'",
        f"{answer.chosen} (the default)" if answer.abstained else answer.chosen,
        gain,
        warnings=answer.warnings,
    )


@as_line.register
def _(answer: Tuned | Evaluation) -> str:
    on, images = (
        (answer.task, answer.test_images)
        if isinstance(answer, Tuned)
        else (answer.source, answer.images)
    )
    return _line(
        f"Expert '{answer.model}' on '{on}'",
        f"accuracy {percent(answer.accuracy)} ({interval(answer.interval)}) on "
        f"{plural(images, 'image')}",
        warnings=answer.warnings,
    )


@as_line.register
def _(answer: Comparison) -> str:
    return _line(
        f"Starting models on '{answer.task}'",
        f"{answer.chosen} of {plural(len(answer.rows), 'model')}",
        plural(answer.test_images, "test image"),
        warnings=answer.warnings,
    )


def _line(subject: str, *facts: str | None, warnings: Sequence[str] = ()) -> str:
    shown = [fact for fact in facts if fact is not None]
    if warnings:
        shown.append(f"{plural(len(warnings), 'warning')}: {warnings[0]}")
    return visible(f"<{subject}: {', '.join(shown)}>")
