"""Embeddings from memory, as the store has them at that moment."""

from task2vec.store.tasks.recent import RecentEmbeddings


class Counting:
    """Tasks that count how often an embedding is read."""

    def __init__(self, tasks):
        self.tasks = tasks
        self.read = []

    def __getattr__(self, name):
        return getattr(self.tasks, name)

    def embeddings(self, ids):
        self.read += ids
        return self.tasks.embeddings(ids)


def one(recent, id_):
    return recent.embeddings([id_])[id_]


def test_an_embedding_is_read_once_until_its_task_changes(store, task):
    a, b = (store.tasks.add(*task(name, seed=i)).id for i, name in enumerate("ab"))
    tasks = Counting(store.tasks)
    recent = RecentEmbeddings(tasks)
    first = one(recent, a)
    assert one(recent, a) is first
    one(recent, b)
    assert tasks.read == [a, b]
    other = task("a", seed=5)
    store.tasks.add(*other, replace=True)
    assert one(recent, a).values.tobytes() == other[1].values.tobytes()
    one(recent, b)
    assert tasks.read == [a, b, a]
    store.tasks.remove("a")
    assert recent.embeddings([a, b]).keys() == {b}


def test_the_longest_unused_one_goes_when_memory_is_full(store, task):
    ids = [store.tasks.add(*task(name, seed=i)).id for i, name in enumerate("abc")]
    embedding = store.tasks.embedding("a")
    size = embedding.values.nbytes + embedding.errors.nbytes + embedding.replicates.nbytes
    tasks = Counting(store.tasks)
    recent = RecentEmbeddings(tasks, limit=2 * size)
    for i in (0, 1, 0, 2, 0, 1):
        one(recent, ids[i])
    assert tasks.read == [ids[i] for i in (0, 1, 2, 1)]


def test_what_was_replaced_while_it_was_read_is_not_kept(store, task):
    id_, other = (store.tasks.add(*task(name, seed=i)).id for i, name in enumerate("ab"))
    newer = task("a", seed=7)

    class Replacing(Counting):
        def embeddings(self, ids):
            read = super().embeddings(ids)
            if len(self.read) == 1:
                store.tasks.add(*newer, replace=True)
                # As another thread would: the replacement has been seen when this one returns.
                one(recent, other)
            return read

    recent = RecentEmbeddings(Replacing(store.tasks))
    one(recent, id_)
    assert one(recent, id_).values.tobytes() == newer[1].values.tobytes()
