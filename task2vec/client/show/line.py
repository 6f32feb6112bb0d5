"""How answers show themselves in one line, as `repr` and `print` have them.

Importing this module registers it with the wire models.
"""

from collections.abc import Sequence

from task2vec.client.show.values import interval, not_negative, number, percent, points
from task2vec.data.wording import plural
from task2vec.messages.evaluations import Evaluation
from task2vec.messages.finetuning import Tuned
from task2vec.messages.neighbours import Distances, Neighbours
from task2vec.messages.recommendations import Recommended
from task2vec.messages.showing import as_line
from task2vec.messages.tasks import Task
from task2vec.types.names import visible

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
        gain = f"{points(first.fine_tuned_gain)} points after fine-tuning"
    return _line(
        f"Recommended for '{answer.task}'",
        f"{answer.chosen} (the default)" if answer.abstained else answer.chosen,
        gain,
        warnings=answer.warnings,
    )


@as_line.register
def _(answer: Tuned) -> str:
    return _line(
        f"Expert '{answer.model}' on '{answer.task}'",
        f"accuracy {percent(answer.accuracy)} ({interval(answer.interval)}) on "
        f"{plural(answer.test_images, 'image')}",
        warnings=answer.warnings,
    )


@as_line.register
def _(answer: Evaluation) -> str:
    return _line(
        f"Expert '{answer.model}' on '{answer.source}'",
        f"accuracy {percent(answer.accuracy)} ({interval(answer.interval)}) on "
        f"{plural(answer.images, 'image')}",
        warnings=answer.warnings,
    )


def _line(subject: str, *facts: str | None, warnings: Sequence[str] = ()) -> str:
    shown = [fact for fact in facts if fact is not None]
    if warnings:
        shown.append(f"{plural(len(warnings), 'warning')}: {warnings[0]}")
    return visible(f"<{subject}: {', '.join(shown)}>")
