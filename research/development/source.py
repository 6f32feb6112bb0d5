"""What the sources of development tasks have in common."""

from collections.abc import Callable, Sequence
from pathlib import Path

from examples.rebuild.drawing import Drawing, ExampleTask
from examples.rebuild.packages import Package

#: Returns the folder of an unpacked package.
Unpack = Callable[[Package], Path]


def development_task(
    name: str,
    family: str,
    drawings: Callable[[Unpack], Sequence[Drawing]],
    *,
    packages: tuple[Package, ...],
    per_class: int,
    jpeg: bool = False,
) -> ExampleTask:
    """Return a task that stays in the cache: nothing is said of licences, since none is shipped."""
    return ExampleTask(
        name=name,
        family=family,
        packages=packages,
        done="",
        licence="",
        attribution="",
        notice="",
        per_class=per_class,
        drawings=drawings,
        jpeg=jpeg,
    )
