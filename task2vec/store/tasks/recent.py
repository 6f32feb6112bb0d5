"""The embeddings that were asked for last, in bounded memory."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from task2vec.store.tasks.tasks import Tasks
from task2vec.types import TaskEmbedding

_BYTES = 128 << 20


class RecentEmbeddings:
    """Returns embeddings as the store has them at that moment, from memory where it can.

    Reading one takes a hundred times as long as asking for the number of the last change, which
    tells whether it is still the one in memory.
    """

    def __init__(self, tasks: Tasks, *, limit: int = _BYTES) -> None:
        self._tasks = tasks
        self._limit = limit
        self._lock = threading.Lock()
        self._held: OrderedDict[str, TaskEmbedding] = OrderedDict()
        self._size = 0
        self._seen: int | None = None

    def embeddings(self, ids: Sequence[str]) -> dict[str, TaskEmbedding]:
        """Return, by id, those of the tasks with these ids; raises as `Tasks.embeddings` does."""
        number = self._tasks.last_change()
        with self._lock:
            if number != self._seen:
                self._catch_up(number)
            seen = self._seen
            found = {id_: self._held[id_] for id_ in ids if id_ in self._held}
            for id_ in found:
                self._held.move_to_end(id_)
        missing = [id_ for id_ in ids if id_ not in found]
        if not missing:
            return found
        read = self._tasks.embeddings(missing)
        with self._lock:
            # Otherwise one may have been replaced since it was read.
            if self._seen == seen and self._tasks.last_change() == seen:
                for id_, embedding in read.items():
                    self._keep(id_, embedding)
        return found | read

    def _keep(self, id_: str, embedding: TaskEmbedding) -> None:
        if id_ in self._held:
            return
        self._held[id_] = embedding
        self._size += _size(embedding)
        while self._size > self._limit:
            self._size -= _size(self._held.popitem(last=False)[1])

    def _catch_up(self, number: int) -> None:
        if self._seen is None or number < self._seen:
            self._held.clear()
            self._size = 0
            self._seen = number
            return
        for change in self._tasks.changes_since(self._seen):
            gone = self._held.pop(change.task, None)
            if gone is not None:
                self._size -= _size(gone)
            self._seen = change.number


def _size(embedding: TaskEmbedding) -> int:
    return embedding.values.nbytes + embedding.errors.nbytes + embedding.replicates.nbytes
