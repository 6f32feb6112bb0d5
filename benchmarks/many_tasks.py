"""Ten thousand real embeddings, made by recombining classes and images of the example tasks.

Each head of `class_subsets` gives `PER_HEAD` tasks. A task is half to all of the head's images,
drawn at random with at least one of every class; its embedding is their class-balanced mean, its
replicates are those of eight groups, as in an embedding of its own. What it does not have is a
head of its own: tasks of one head share it, and many of their images.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import class_subsets
from benchmarks.class_subsets import SubsetHead, cache
from task2vec.distance import symmetric_matrix
from task2vec.messages.tasks import StoredTask
from task2vec.service.tasks.tasks import task_record
from task2vec.store import Store
from task2vec.types import HeadFit, Provenance, Space, TaskEmbedding

PER_HEAD, TASKS, GROUPS = 8, 10_000, 8
_BATCH = 200

HOW = " ".join(str(__doc__).split())
"""How the tasks were made, for the files of results."""


def tasks(count: int = TASKS) -> Iterator[tuple[StoredTask, TaskEmbedding]]:
    """Yield up to 10,000 tasks, those of one head in a row."""
    yield from _from_heads(0, count)


def queries(count: int) -> Iterator[tuple[StoredTask, TaskEmbedding]]:
    """Yield up to 50 tasks of heads that none of `tasks` has, one of each head."""
    heads = range(TASKS // PER_HEAD, class_subsets.HEADS)[:count]
    for head in heads:
        yield next(_from_heads(head * PER_HEAD, head * PER_HEAD + 1))


def fill_store(path: Path, tasks: int = TASKS) -> None:
    """Make a store of ``tasks`` tasks in ``path``, half a megabyte each; a full one is kept."""
    with Store.open(path) as store:
        present = len(store.tasks.list())
        batch = []
        for record, embedding in _from_heads(present, tasks):
            batch.append((record, embedding))
            if len(batch) == _BATCH:
                store.tasks.add_many(batch)
                batch = []
        store.tasks.add_many(batch)


def value_matrix() -> NDArray[np.float32]:
    """Return the values of all `tasks`, shape (10,000, n), mapped from the cache."""
    path = cache() / "values.npy"
    if not path.exists():
        elements = class_subsets.load()[1].shape[2]
        partial = path.with_suffix(".partial.npy")
        shape = (TASKS, elements)
        values = np.lib.format.open_memmap(partial, mode="w+", dtype=np.float32, shape=shape)
        for row, (_, embedding) in zip(values, tasks(), strict=True):
            row[:] = embedding.values
        values.flush()
        partial.rename(path)
    found: NDArray[np.float32] = np.load(path, mmap_mode="r")
    return found


def _from_heads(start: int, stop: int) -> Iterator[tuple[StoredTask, TaskEmbedding]]:
    heads, fisher, fingerprint = class_subsets.load()
    space = Space(probe=fingerprint, estimator="fisher", head_penalty=0.01, prior_precision=1e-6)
    for number in range(start, stop):
        head, images = heads[number // PER_HEAD], fisher[number // PER_HEAD]
        yield _recombine(number, head=head, images=images, space=space)


def _recombine(
    number: int, *, head: SubsetHead, images: NDArray[np.float32], space: Space
) -> tuple[StoredTask, TaskEmbedding]:
    rng = np.random.default_rng([1, number])
    labels = np.array(head.labels)
    shuffled = rng.permutation(labels.size)
    # The first of each class, then the rest as they come.
    firsts = np.unique(labels[shuffled], return_index=True)[1]
    order = np.concatenate([shuffled[firsts], np.delete(shuffled, firsts)])
    chosen = np.sort(order[: rng.integers(labels.size // 2, labels.size + 1)])
    labels, rows = labels[chosen], images[chosen].astype(np.float64)
    weights = 1 / (len(head.classes) * np.bincount(labels)[labels])
    values = weights @ rows
    spread = np.square(weights) @ np.square(rows - values)
    # As embeddings deal their images: each class in turn.
    groups = np.arange(labels.size) % GROUPS
    shares = np.where(groups == np.arange(GROUPS)[:, None], weights, 0.0)
    replicates = shares @ rows / shares.sum(axis=1, keepdims=True)
    prior = space.prior_precision
    halves = [part.mean(axis=0, keepdims=True) for part in (replicates[::2], replicates[1::2])]
    pairs = sorted((head.classes[c], head.digests[i]) for c, i in zip(labels, chosen, strict=True))
    provenance = Provenance(
        space=space,
        probe_name="efficientnet_lite0",
        estimator="principal",
        draws=1,
        seed=class_subsets.SEED,
        images=labels.size,
        classes=len(head.classes),
        class_names=head.classes,
        content_hash=sha256(repr(pairs).encode()).hexdigest(),
        standard_error=float(symmetric_matrix(*halves, prior_precision=prior)[0, 0]) / 2,
        head=HeadFit(**head.fit),
        versions={},
    )
    embedding = TaskEmbedding.from_estimates(
        values=values,
        errors=np.sqrt(spread * labels.size / (labels.size - 1)),
        replicates=replicates,
        provenance=provenance,
    )
    record = task_record(
        embedding,
        name=f"{head.task}_{number // PER_HEAD:04}_{number % PER_HEAD}",
        seconds=0.0,
        source=head.task,
        source_signature="",
        tags=(head.family, head.task),
    )
    return record, embedding
