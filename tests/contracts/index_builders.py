"""One builder for each kind of index, all with the same arguments."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from task2vec.store import ExactIndex
from task2vec.store.index import FaissIndex, LiveIndex
from task2vec.store.index.files import IndexFiles
from task2vec.store.index.geometry import Geometry
from task2vec.store.updates import Update


def build_exact(space, *, records, values, embedding_of):
    return ExactIndex(space, records=records, values=values, embedding_of=embedding_of)


def build_faiss(space, *, records, values, embedding_of, covered=None):
    """FAISS proposes however few tasks there are; it knows the first ``covered`` rows."""
    exact = ExactIndex(space, records=records, values=values, embedding_of=embedding_of)
    if not records or not space.prior_precision:
        return exact
    geometry = Geometry.fit(values, prior_precision=space.prior_precision)
    codes = geometry.codes(values, exact.complexities)[:covered]
    return FaissIndex(exact, geometry=geometry, codes=codes, crossover=0)


def build_partly_covered(space, *, records, values, embedding_of):
    covered = max(1, len(records) // 2)
    kinds = {"records": records, "values": values, "embedding_of": embedding_of}
    return build_faiss(space, **kinds, covered=covered)


def build_live(space, *, records, values, embedding_of):
    """Half of the tasks are there at first, with others that go; the rest comes one at a time."""
    half = len(records) // 2
    digests = [str(i) for i in range(len(records))]
    others = [replace(record, id=f"other {record.id}") for record in records[:half]]
    updates = [
        Update(
            1,
            None,
            others + records[:half],
            np.concatenate([values[:half][::-1]] * 2),
            2 * digests[:half],
        ),
        Update(2, frozenset(record.id for record in others), [], values[:0], []),
    ]
    for i in range(half, len(records)):
        gone = frozenset({records[i].id})
        updates.append(Update(i + 3, gone, [records[i]], values[i : i + 1], [digests[i]]))
    if half:
        # The first half was stored in a wrong order, and is replaced.
        gone = frozenset(record.id for record in records[:half])
        updates.append(Update(1000, gone, list(records[:half]), values[:half], digests[:half]))
    coming = iter(updates)
    index = LiveIndex(
        space,
        update_since=lambda _: next(coming, None),
        embedding_of=embedding_of,
        files=IndexFiles(Path("/nowhere"), space),
    )
    for _ in updates:
        index.current()
    return index.current()


INDICES = {
    "exact": build_exact,
    "faiss": build_faiss,
    "partly faiss": build_partly_covered,
    "live": build_live,
}
