"""How answers show themselves in one line, as `repr` and `print` have them.

Importing this module registers it with the wire models.
"""

from collections.abc import Sequence

from task2vec.client.show.values import interval, not_negative, number, percent, points
from task2vec.data.wording import plural
from task2vec.messages.catalogue import Tuned
from task2vec.messages.neighbours import Distances, Neighbours
from task2vec.messages.recommendations import Recommended
from task2vec.messages.showing import as_line
from task2vec.messages.tasks import Task
from task2vec.types.names import visible

#: How many neighbours a line names.
_NAMED = 3


@as_line.register
def _(found: Task) -> str:
    return _line(
        f"Task '{found.name}'",
        f"{found.images:,} images of {found.classes:,} classes",
        f"standard error {number(found.standard_error)}",
        warnings=found.warnings,
    )


@as_line.register
def _(found: Neighbours) -> str:
    near = [f"{each.name} {number(not_negative(each.distance))}" for each in found.neighbours]
    more = ["..."] if len(near) > _NAMED else []
    return _line(
        f"Neighbours of '{found.task}'",
        ", ".join((near[:_NAMED] or ["none"]) + more),
        warnings=found.warnings,
    )


@as_line.register
def _(found: Distances) -> str:
    return _line(
        f"Distances of '{found.source}' and '{found.target}'",
        f"symmetric {number(not_negative(found.symmetric))} ± {number(found.standard_error)}",
    )


@as_line.register
def _(found: Recommended) -> str:
    first = next((each for each in found.recommendations if each.model == found.chosen), None)
    gain = None
    if first is not None and not found.abstained:
        gain = f"{points(first.fine_tuned_gain)} points after fine-tuning"
    return _line(
        f"Recommended for '{found.task}'",
        f"{found.chosen} (the default)" if found.abstained else found.chosen,
        gain,
        warnings=found.warnings,
    )


@as_line.register
def _(found: Tuned) -> str:
    return _line(
        f"Expert '{found.model}' on '{found.task}'",
        f"accuracy {percent(found.accuracy)} ({interval(found.interval)}) on "
        f"{plural(found.test_images, 'image')}",
        warnings=found.warnings,
    )


def _line(subject: str, *facts: str | None, warnings: Sequence[str] = ()) -> str:
    told = [fact for fact in facts if fact is not None]
    if warnings:
        told.append(f"{plural(len(warnings), 'warning')}: {warnings[0]}")
    return visible(f"<{subject}: {', '.join(told)}>")
