"""Embeddings from memory, as the store has them at that moment."""

import pytest

from task2vec.errors import UnknownNameError
from task2vec.store.recent import RecentEmbeddings


class Counting:
    """Tasks that count how often an embedding is read."""

    def __init__(self, tasks):
        self.tasks = tasks
        self.read = []

    def __getattr__(self, name):
        return getattr(self.tasks, name)

    def embedding(self, id_):
        self.read.append(id_)
        return self.tasks.embedding(id_)


def test_an_embedding_is_read_once_until_its_task_changes(store, task):
    a, b = (store.tasks.add(*task(name, seed=i)).id for i, name in enumerate("ab"))
    tasks = Counting(store.tasks)
    recent = RecentEmbeddings(tasks)
    first = recent.embedding(a)
    assert recent.embedding(a) is first
    recent.embedding(b)
    assert tasks.read == [a, b]
    other = task("a", seed=5)
    store.tasks.add(*other, replace=True)
    assert recent.embedding(a).values.tobytes() == other[1].values.tobytes()
    recent.embedding(b)
    assert tasks.read == [a, b, a]
    store.tasks.remove("a")
    with pytest.raises(UnknownNameError):
        recent.embedding(a)


def test_the_longest_unused_one_goes_when_memory_is_full(store, task):
    ids = [store.tasks.add(*task(name, seed=i)).id for i, name in enumerate("abc")]
    embedding = store.tasks.embedding("a")
    size = embedding.values.nbytes + embedding.errors.nbytes + embedding.replicates.nbytes
    tasks = Counting(store.tasks)
    recent = RecentEmbeddings(tasks, limit=2 * size)
    for i in (0, 1, 0, 2, 0, 1):
        recent.embedding(ids[i])
    assert tasks.read == [ids[i] for i in (0, 1, 2, 1)]


def test_what_was_replaced_while_it_was_read_is_not_kept(store, task):
    id_, other = (store.tasks.add(*task(name, seed=i)).id for i, name in enumerate("ab"))
    newer = task("a", seed=7)

    class Replacing(Counting):
        def embedding(self, id_):
            read = super().embedding(id_)
            if len(self.read) == 1:
                store.tasks.add(*newer, replace=True)
                # As another thread would: the replacement has been seen when this one returns.
                recent.embedding(other)
            return read

    recent = RecentEmbeddings(Replacing(store.tasks))
    recent.embedding(id_)
    assert recent.embedding(id_).values.tobytes() == newer[1].values.tobytes()
