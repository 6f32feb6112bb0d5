"""What every index over stored tasks can do."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from task2vec.errors import SettingError
from task2vec.messages.neighbours import Neighbour
from task2vec.messages.tasks import StoredTask
from task2vec.types import Space, TaskEmbedding


class Role(StrEnum):
    """By which distance a stored task must be near to the query."""

    SYMMETRIC = "symmetric"
    """Like the query: the symmetric distance."""
    SOURCES_FOR = "sources_for"
    """A source for the query as target: the asymmetric distance from the stored task."""
    CENTRED = "centred"
    """`task2vec.distance.centred_distance`, by the mean over all tasks in the index.

    Whatever is passed over, and without the query where the index does not hold it: so a distance
    depends on the store and not on the question.
    """


@dataclass(frozen=True)
class TaskFilter:
    """Which stored tasks are looked at.

    Those with all of these ``tags``, with ``least_classes`` to ``most_classes`` classes; what is
    left out does not bind.
    """

    tags: frozenset[str] = frozenset()
    least_classes: int = 0
    most_classes: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", frozenset(self.tags))
        if self.most_classes is not None and self.most_classes < self.least_classes:
            raise SettingError(
                "No task has that many classes",
                expected=f"at most {self.least_classes} or more",
                got=f"{self.most_classes}",
            )

    def admits(self, record: StoredTask) -> bool:
        """Return whether a task is looked at."""
        classes = record.provenance.classes
        return (
            self.tags.issubset(record.tags)
            and classes >= self.least_classes
            and (self.most_classes is None or classes <= self.most_classes)
        )


@dataclass(frozen=True)
class Judged:
    """A stored task with its distances to a query: symmetric, and as a source for it."""

    record: StoredTask
    symmetric: float
    asymmetric: float


class TaskIndex(Protocol):
    """Nearest stored tasks of one space, those that were stored when the index was built.

    Of these, tasks that were removed since, or replaced by an embedding of another space, are never
    found. One that was replaced within the space is told with its new embedding's distance and
    error; its old embedding says whether it is looked at, so one that came near only now may be
    missed where more than ``k`` are admitted. Any number of threads may search at once.
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
        exclude: Collection[str] = (),
        where: TaskFilter | None = None,
    ) -> list[Neighbour]:
        """Return the ``k`` nearest tasks, or all there are, nearest first, ties by name.

        Distances are those of `task2vec.distance`, never approximations: an index may miss a
        neighbour but not misjudge one. Tasks whose id is in ``exclude``, or that ``where`` does not
        admit, are passed over; they take nobody's place.

        Raises:
            SpaceMismatchError: when the query lives in another space.
            SettingError: for a ``k`` below 1, and where a centred distance would take out a mean
                over too few tasks.
        """

    def judge(self, query: TaskEmbedding) -> list[Judged]:
        """Return every task with its distances to the query, in no order.

        Raises:
            SpaceMismatchError: when the query lives in another space.
        """
