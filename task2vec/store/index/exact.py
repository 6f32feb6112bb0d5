"""The exact index: it looks at every task."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from task2vec.distance import (
    ALPHA,
    FAST_ERROR,
    FEWEST_TASKS,
    DistanceEstimates,
    fast_centred,
    fast_symmetric,
    log_centre,
    symmetric_matrix,
)
from task2vec.errors import SettingError
from task2vec.messages.neighbours import Neighbour
from task2vec.messages.tasks import StoredTask
from task2vec.store.index.measures import Centred, InRole, Measure, kth, nearest_first, ranked
from task2vec.store.index.protocol import Judged, Role, TaskFilter
from task2vec.types import Space, TaskEmbedding, Vector

_PICKED = 256
_CONVERTED = 4
_EVERYTHING = TaskFilter()
# Whole embeddings that are in memory at once: some 14 MB, where a thousand are 215.
_READ = 64

Rows = NDArray[np.intp]
#: Returns the embeddings of tasks by their ids, of those that there are.
EmbeddingsOf = Callable[[Sequence[str]], Mapping[str, TaskEmbedding]]


class ExactIndex:
    """A scan over all embeddings of one space; what may be among the nearest is judged in float64.

    About 0.3 s for 10,000 tasks of 21,008 elements on one core; it is also the oracle for every
    index that looks at fewer.

    Args:
        space: the space of all tasks.
        records: the m tasks.
        values: their embeddings, shape (m, n).
        embeddings_of: returns the whole embeddings of tasks by their ids, of those that there
            are. The standard error of a distance needs them, several times as large as the
            values; only those of the nearest tasks are asked for, some at a time.
        rows: the rows that are tasks, all by default; others are what is left of removed ones.
        complexities: the distance of every row to the trivial embedding, where it is known.
    """

    def __init__(
        self,
        space: Space,
        *,
        records: Sequence[StoredTask],
        values: Vector,
        embeddings_of: EmbeddingsOf,
        rows: Rows | None = None,
        complexities: NDArray[np.float64] | None = None,
    ) -> None:
        if len(records) != len(values):
            raise SettingError(
                "An index needs one embedding per task",
                expected=f"{len(records)}",
                got=f"{len(values)}",
            )
        self._space = space
        self._records = records
        self._values = values
        self._embeddings_of = embeddings_of
        self._rows = np.arange(len(records), dtype=np.intp) if rows is None else rows
        self._known_complexities = complexities

    @property
    def space(self) -> Space:
        """The space of all tasks in the index."""
        return self._space

    def __len__(self) -> int:
        """Return the number of tasks in the index."""
        return int(self._rows.size)

    def search(
        self,
        query: TaskEmbedding,
        *,
        k: int,
        role: Role = Role.SYMMETRIC,
        exclude: Collection[str] = (),
        where: TaskFilter | None = None,
    ) -> list[Neighbour]:
        """Return the ``k`` nearest tasks: see `TaskIndex.search`."""
        rows = self.admitted(query, k=k, exclude=exclude, where=where)
        return self.scan(query, rows, k=k, role=role)

    def judge(self, query: TaskEmbedding) -> list[Judged]:
        """Return every task with its distances: see `TaskIndex.judge`."""
        self._space.check_same(query.space)
        rows = self._rows
        if not rows.size:
            return []
        symmetric = self._to(rows, query.values)
        as_source = self.in_role(symmetric, rows, role=Role.SOURCES_FOR)
        found = zip(rows.tolist(), symmetric.tolist(), as_source.tolist(), strict=True)
        return [Judged(self._records[i], *distances) for i, *distances in found]

    def scan(self, query: TaskEmbedding, rows: Rows, *, k: int, role: Role) -> list[Neighbour]:
        """Return the ``k`` nearest among ``rows``, having looked at all of them.

        By the centred distance the first takes 0.5 s more, for the mean of 10,000 tasks.
        """
        if not rows.size:
            return []
        if role is Role.CENTRED:
            centre, prior = self._centre, self._space.prior_precision
            distances = self._of(
                rows,
                lambda some: fast_centred(query.values, some, centre=centre, prior_precision=prior),
            )
            return self.nearest(rows, Centred(query, centre), distances=distances, k=k)
        distances = self.in_role(self.symmetric(query, rows), rows, role=role)
        return self.nearest(rows, InRole(query, role), distances=distances, k=k)

    def in_role(
        self, symmetric: NDArray[np.float64], rows: Rows, *, role: Role
    ) -> NDArray[np.float64]:
        """Return the distances (r,) of ``rows`` (r,) in a role, from their symmetric ones."""
        if role is Role.SOURCES_FOR:
            return symmetric - ALPHA * self.complexities[rows]
        return symmetric

    def admitted(
        self,
        query: TaskEmbedding,
        *,
        k: int,
        exclude: Collection[str],
        where: TaskFilter | None,
    ) -> Rows:
        """Return the rows that a search is to look at; raises as a search does."""
        self._space.check_same(query.space)
        if k < 1:
            raise SettingError(
                "The number of neighbours is unusable", expected="at least 1", got=f"{k}"
            )
        rows = self._rows
        if exclude:
            places = self._row_by_id
            rows = np.setdiff1d(rows, [places[i] for i in exclude if i in places])
        if where is not None and where != _EVERYTHING:
            kept = [i for i in rows.tolist() if where.admits(self._records[i])]
            rows = np.array(kept, dtype=np.intp)
        return rows

    @cached_property
    def _row_by_id(self) -> dict[str, int]:
        """The row of each task: a search must not go through all records to pass over one."""
        return {self._records[i].id: i for i in self._rows.tolist()}

    def symmetric(self, query: TaskEmbedding, rows: Rows) -> NDArray[np.float64]:
        """Return the symmetric distances (r,) of the query to ``rows`` (r,), within FAST_ERROR."""
        prior = self._space.prior_precision
        return self._of(
            rows, lambda some: fast_symmetric(query.values, some, prior_precision=prior)
        )

    def nearest(
        self,
        rows: Rows,
        measure: Measure,
        *,
        distances: NDArray[np.float64],
        k: int,
        near: NDArray[np.bool_] | None = None,
    ) -> list[Neighbour]:
        """Return the ``k`` nearest among ``rows``, whose ``distances`` are known to FAST_ERROR.

        None at all where fewer than ``k`` rows, or than all, are ``near`` enough; tasks that are
        no longer what they were do not count.
        """
        wanted = min(k, rows.size)
        # Those replaced since. They are read once: further replacing stops no search.
        anew: dict[int, TaskEmbedding] = {}
        while near is None or np.count_nonzero(near) >= wanted:
            competing = measure.competing(k)
            plain = self._nearly(rows, measure, distances=distances, k=competing)
            plain |= {i: measure.plain(new.values) for i, new in anew.items()}
            first = sorted(plain, key=lambda i: nearest_first(plain[i], self._records[i].name))
            records: list[StoredTask] = []
            estimates: list[DistanceEstimates] = []
            changed: list[int] = []
            for start in range(0, max(1, min(competing, len(first))), _READ):
                some = first[start : min(start + _READ, competing)]
                tasks, others = self._as_they_are(some, anew)
                changed += others
                records += [self._records[i] for i in tasks]
                reach = kth(estimates, k)
                estimates.append(measure.estimates(list(tasks.values()), within=reach))
            if not changed:
                return ranked(records, DistanceEstimates.joined(estimates), k=k)
            left = ~np.isin(rows, changed)
            rows, distances = rows[left], distances[left]
            near = None if near is None else near[left]
        return []

    def _nearly(
        self, rows: Rows, measure: Measure, *, distances: NDArray[np.float64], k: int
    ) -> dict[int, float]:
        """Return, with their plain distances, all ``rows`` that might be among the first ``k``."""
        if not rows.size:
            return {}
        # The quick formula tells equal tasks apart by its rounding. So everything that might be
        # among the first k goes through the plain formula, which does not.
        kth = np.partition(distances, min(k, distances.size) - 1)[min(k, distances.size) - 1]
        near = rows[~(distances > kth + 2 * FAST_ERROR)].tolist()
        return {i: measure.plain(self._values[i]) for i in near}

    @cached_property
    def _centre(self) -> NDArray[np.float64]:
        """The mean of the logs over all tasks, shape (n,), for the centred distance.

        Raises:
            SettingError: where there are too few tasks for a mean.
        """
        if len(self) < FEWEST_TASKS:
            raise SettingError(
                "Too few tasks are stored for the centred geometry, which takes out their mean",
                expected=f"at least {FEWEST_TASKS}",
                got=f"{len(self)}",
                remedy="Add tasks, or take the symmetric geometry.",
            )
        rows = (self._rows[i : i + _CONVERTED] for i in range(0, len(self), _CONVERTED))
        prior = self._space.prior_precision
        return log_centre((self._values[some] for some in rows), prior_precision=prior)

    @cached_property
    def complexities(self) -> NDArray[np.float64]:
        """The distance of every row to the trivial embedding, shape (m,)."""
        if self._known_complexities is not None:
            return self._known_complexities
        everything = np.arange(len(self._values), dtype=np.intp)
        return self._to(everything, np.zeros(self._values.shape[1], dtype=np.float32))

    def _to(self, rows: Rows, values: Vector) -> NDArray[np.float64]:
        prior = self._space.prior_precision
        return self._of(rows, lambda some: symmetric_matrix(values, some, prior_precision=prior)[0])

    def _of(
        self, rows: Rows, distances: Callable[[Vector], NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        if rows.size == len(self._values):
            return distances(self._values)
        # Few at a time, since picking rows copies them.
        parts = (rows[first : first + _PICKED] for first in range(0, rows.size, _PICKED))
        return np.concatenate([np.empty(0), *(distances(self._values[part]) for part in parts)])

    def _as_they_are(
        self, rows: Sequence[int], anew: dict[int, TaskEmbedding]
    ) -> tuple[dict[int, TaskEmbedding], list[int]]:
        """Return the whole embeddings of those ``rows`` that are what they were, and the others.

        What the store holds of those instead is added to ``anew``, and counts from then on.
        """
        ids = [self._records[i].id for i in rows if i not in anew]
        read = self._embeddings_of(ids) if ids else {}
        tasks: dict[int, TaskEmbedding] = {}
        changed: list[int] = []
        for i in rows:
            task = anew.get(i, read.get(self._records[i].id))
            if task is not None and (
                task.space != self._space or task.values.shape != self._values[i].shape
            ):
                task = None
            if i in anew or (task is not None and np.array_equal(task.values, self._values[i])):
                assert task is not None, "only tasks of this space are kept anew"
                tasks[i] = task
                continue
            changed.append(i)
            if task is not None:
                anew[i] = task
        return tasks, changed
