"""What every index over stored tasks can do."""

from collections.abc import Collection
from enum import StrEnum
from typing import Protocol

from task2vec.distance import ALPHA
from task2vec.types import Neighbour, Space, TaskEmbedding


class Role(StrEnum):
    """What a stored task must be near to the query *as*."""

    SYMMETRIC = "symmetric"
    """Like the query: the symmetric distance."""
    SOURCES_FOR = "sources_for"
    """A source for the query as target: the asymmetric distance from the stored task."""
    TARGETS_FOR = "targets_for"
    """A target for the query as source: the asymmetric distance to the stored task."""


class TaskIndex(Protocol):
    """Nearest stored tasks of one space, as they were when the index was built.

    Tasks that were removed or replaced since are never found.
    """

    @property
    def space(self) -> Space:
        """The space of all tasks in the index."""

    def __len__(self) -> int:
        """Return the number of tasks in the index."""

    def search(
        self,
        query: TaskEmbedding,
        *,
        k: int,
        role: Role = Role.SYMMETRIC,
        alpha: float = ALPHA,
        exclude: Collection[str] = (),
        only: Collection[str] | None = None,
    ) -> list[Neighbour]:
        """Return the ``k`` nearest tasks, or all there are, nearest first, ties by name.

        Distances are those of `task2vec.distance`, never approximations: an index may miss a
        neighbour but not misjudge one. ``alpha`` weighs complexity in the asymmetric roles. Tasks
        whose id is in ``exclude``, or not in ``only``, are passed over.

        Raises:
            SpaceMismatchError: when the query lives in another space.
            SettingError: for a ``k`` below 1.
        """
