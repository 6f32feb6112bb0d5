"""The embeddings that were asked for last, in bounded memory."""

import threading
from collections import OrderedDict

from task2vec.store.tasks import Tasks
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

    def embedding(self, id_: str) -> TaskEmbedding:
        """Return the embedding of the task with this id; raises as `Tasks.embedding` does."""
        number = self._tasks.last_change()
        with self._lock:
            if number != self._seen:
                self._catch_up(number)
            seen, held = self._seen, self._held.get(id_)
            if held is not None:
                self._held.move_to_end(id_)
                return held
        read = self._tasks.embedding(id_)
        with self._lock:
            # Otherwise it may have been replaced since it was read.
            if self._seen == seen and self._tasks.last_change() == seen and id_ not in self._held:
                self._held[id_] = read
                self._size += _size(read)
                while self._size > self._limit:
                    self._size -= _size(self._held.popitem(last=False)[1])
        return read

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
