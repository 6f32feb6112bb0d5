"""Estimates of many tasks, of two disjoint parts of each, stacked for comparison."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from research.development.passes import Part, Setting, load, path_of
from research.development.tasks import development_tasks

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stack:
    """``a``, ``b`` (T, n): the estimates of either part of T tasks, without a prior.

    ``replicates_a``, ``replicates_b`` (T, K, n) are those of disjoint groups of a part's images,
    with ``shares_a``, ``shares_b`` (T, K). ``signs`` (T, n) are those of part ``a`` with other
    signs, nan where there are none.
    """

    tasks: tuple[str, ...]
    families: tuple[str, ...]
    a: Array
    b: Array
    signs: Array
    replicates_a: NDArray[np.float32]
    replicates_b: NDArray[np.float32]
    shares_a: Array
    shares_b: Array

    def of(self, tasks: Iterable[str]) -> "Stack":
        """Return the stack of some tasks, in the order of this one."""
        wanted = set(tasks)
        rows = [i for i, task in enumerate(self.tasks) if task in wanted]
        arrays = {
            f.name: getattr(self, f.name)[rows]
            for f in fields(self)
            if f.name not in ("tasks", "families")
        }
        return Stack(
            tasks=tuple(self.tasks[i] for i in rows),
            families=tuple(self.families[i] for i in rows),
            **arrays,
        )

    def only(self, filters: NDArray[np.bool_]) -> "Stack":
        """Return the stack with the elements of some filters (n,) alone."""
        names = ("a", "b", "signs", "replicates_a", "replicates_b")
        return replace(self, **{name: getattr(self, name)[..., filters] for name in names})


def tasks_of(setting: Setting) -> set[str]:
    """Return the tasks that both parts of a setting are there for."""
    return {
        name
        for name in development_tasks()
        if all(path_of(setting, name, part).exists() for part in (Part.A, Part.B))
    }


def load_stack(setting: Setting, tasks: Iterable[str] | None = None) -> Stack:
    """Return what was computed under a setting, for all tasks that it was computed for or some."""
    wanted = tasks_of(setting) if tasks is None else set(tasks)
    names = [name for name in development_tasks() if name in wanted]
    first = [load(setting, name, Part.A) for name in names]
    second = [load(setting, name, Part.B) for name in names]
    a = np.stack([estimate.values for estimate in first])
    signs = np.full_like(a, np.nan)
    for row, name in enumerate(names):
        if path_of(setting, name, Part.SIGNS).exists():
            signs[row] = load(setting, name, Part.SIGNS).values
    return Stack(
        tasks=tuple(names),
        families=tuple(development_tasks()[name].family for name in names),
        a=a,
        b=np.stack([estimate.values for estimate in second]),
        signs=signs,
        replicates_a=np.stack([estimate.replicates for estimate in first]),
        replicates_b=np.stack([estimate.replicates for estimate in second]),
        shares_a=np.stack([estimate.shares for estimate in first]),
        shares_b=np.stack([estimate.shares for estimate in second]),
    )
