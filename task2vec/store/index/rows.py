"""The tasks of one space in memory: rows that are only ever added, so that readers need no lock."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from task2vec.distance import symmetric_matrix
from task2vec.messages.tasks import StoredTask
from task2vec.store.index.exact import Rows
from task2vec.store.tasks.updates import Update
from task2vec.types import Vector

_SPARE = 64

_Float = TypeVar("_Float", np.float32, np.float64)


@dataclass(frozen=True, eq=False)
class IndexedTasks:
    """The m tasks of a space: the embedding of the i-th is that of the row ``rows[i]``."""

    records: list[StoredTask]
    digests: list[str]
    values: Vector
    rows: Rows


class TaskRows:
    """Records, values, digests and complexities by row. One writer at a time.

    What was handed out stays as it is: rows below its length are never written again, and a
    larger or tidier array is another array. ``generation`` counts those that renumber rows.
    """

    def __init__(self, prior_precision: float) -> None:
        self._prior = prior_precision
        self.generation = 0
        self._begin(np.empty((0, 0), dtype=np.float32))

    def _begin(self, values: Vector) -> None:
        self.generation += 1
        self.records: list[StoredTask] = []
        self.digests: list[str] = []
        self._values = values
        self._complexities: NDArray[np.float64] = np.empty(len(values))
        self._row_of: dict[str, int] = {}

    def __len__(self) -> int:
        """Return the number of rows, removed ones included."""
        return len(self.records)

    @property
    def values(self) -> Vector:
        """The embeddings, shape (m, n)."""
        return self._values[: len(self.records)]

    @property
    def complexities(self) -> NDArray[np.float64]:
        """The distance of each to the trivial embedding, shape (m,)."""
        return self._complexities[: len(self.records)]

    def living(self) -> Rows:
        """Return the rows that are tasks, ascending."""
        return np.sort(np.fromiter(self._row_of.values(), dtype=np.intp))

    def take(self, update: Update) -> None:
        """Forget and take in what the update says."""
        if update.gone is None or not len(self):
            self._begin(update.buffer)
        else:
            for id_ in update.gone:
                self._row_of.pop(id_, None)
            if len(self) - len(self._row_of) > _SPARE + len(self._row_of) // 4:
                self._tidy()
        self._append(update)

    def _append(self, update: Update) -> None:
        start, stop = len(self), len(self) + len(update.records)
        if start == stop:
            return
        if stop > len(self._values):
            size = stop + stop // 4 + _SPARE
            self._values = _grown(self._values, start, (size, update.values.shape[1]))
            self._complexities = _grown(self._complexities, start, (size,))
        if self._values is not update.buffer:
            self._values[start:stop] = update.values
        trivial = np.zeros((1, update.values.shape[1]), dtype=np.float32)
        self._complexities[start:stop] = symmetric_matrix(
            trivial, update.values, prior_precision=self._prior
        )[0]
        self.records.extend(update.records)
        self.digests.extend(update.digests)
        self._row_of |= {record.id: start + i for i, record in enumerate(update.records)}

    def _tidy(self) -> None:
        rows = self.living()
        records, digests = self.records, self.digests
        values, complexities = self._values[rows], self._complexities[rows]
        self._begin(values)
        self._complexities = complexities
        self.records = [records[i] for i in rows]
        self.digests = [digests[i] for i in rows]
        self._row_of = {record.id: i for i, record in enumerate(self.records)}


def _grown(array: NDArray[_Float], used: int, shape: tuple[int, ...]) -> NDArray[_Float]:
    larger = np.empty(shape, dtype=array.dtype)
    if used:
        larger[:used] = array[:used]
    return larger
