"""What the sources of development tasks have in common."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.rebuild.drawing import Drawing, ExampleTask
from examples.rebuild.packages import Package

#: Returns the folder of an unpacked package.
Unpack = Callable[[Package], Path]


@dataclass(frozen=True)
class Rights:
    """The licence of images, and whose they are, as the package says that they come in."""

    licence: str
    attribution: str


def development_task(
    name: str,
    family: str,
    drawings: Callable[[Unpack], Sequence[Drawing]],
    *,
    packages: tuple[Package, ...],
    per_class: int,
    rights: Rights | None = None,
    jpeg: bool = False,
) -> ExampleTask:
    """Return a task that stays in the cache; its images are not shipped.

    ``rights`` are for a note beside what is computed of the images; None where the package itself
    does not state them.
    """
    return ExampleTask(
        name=name,
        family=family,
        packages=packages,
        done="",
        licence="" if rights is None else rights.licence,
        attribution="" if rights is None else rights.attribution,
        notice="",
        per_class=per_class,
        drawings=drawings,
        jpeg=jpeg,
    )
