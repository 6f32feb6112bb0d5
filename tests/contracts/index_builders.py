"""One builder for each kind of index, all with the same arguments, and what they must find."""

from pathlib import Path

import numpy as np
from factories import (
    PROVENANCE,
    SPACE,
    draw_replicates,
    make_embedding,
    make_record,
    one_by_one,
    replace,
)

from task2vec.distance import (
    asymmetric_distance_error,
    centred_distance,
    distance_error,
    estimate_centred,
    task_asymmetric_distance,
    task_symmetric_distance,
    with_prior,
)
from task2vec.errors import UnknownNameError
from task2vec.store import ExactIndex, Role
from task2vec.store.index import FaissIndex, LiveIndex
from task2vec.store.index.files import IndexFiles
from task2vec.store.index.geometry import Geometry
from task2vec.store.tasks.updates import Update


def build_exact(space, *, records, values, embedding_of):
    return ExactIndex(space, records=records, values=values, embeddings_of=one_by_one(embedding_of))


def build_faiss(space, *, records, values, embedding_of, covered=None):
    """FAISS proposes however few tasks there are; it knows the first ``covered`` rows."""
    exact = ExactIndex(
        space, records=records, values=values, embeddings_of=one_by_one(embedding_of)
    )
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
        embeddings_of=one_by_one(embedding_of),
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


def index_of(builder, embeddings, space=SPACE):
    """Build an index from embeddings by name; ids are the names in capitals.

    The dictionary is the store that it reads from afterwards.
    """
    records = [
        make_record(
            name,
            id=name.upper(),
            provenance=embedding.provenance,
            tags=("odd",) if name[-1] in "13579" else ("even", "tame"),
        )
        for name, embedding in embeddings.items()
    ]

    def embedding_of(id_):
        if id_.lower() not in embeddings:
            raise UnknownNameError(f"There is no task '{id_}'")
        return embeddings[id_.lower()]

    elements = next(iter(embeddings.values())).values.size if embeddings else 0
    rows = (len(embeddings), elements)
    return builder(
        space,
        records=records,
        values=np.array([e.values for e in embeddings.values()]).reshape(rows),
        embedding_of=embedding_of,
    )


def embed(values, provenance=PROVENANCE):
    replicates = draw_replicates(np.random.default_rng(len(values)), len(values))
    return make_embedding(values, replicates=replicates, provenance=provenance)


def random_embeddings(count, elements=40):
    # As real ones: wide on a log scale, alike between tasks, with dead filters in common.
    rng = np.random.default_rng(11)
    shared = 3 * rng.normal(size=elements) - 10
    values = np.exp(shared + rng.normal(size=(count, elements)))
    values[:, :4] = 0.0
    return {
        f"task{i:03}": make_embedding(row, replicates=draw_replicates(rng, elements))
        for i, row in enumerate(values)
    }


def mean_of_logs(embeddings):
    rows = np.array([e.values for e in embeddings.values()], dtype=np.float64)
    return np.log(rows + SPACE.prior_precision).mean(axis=0)


def distance_and_error(query, task, *, role, centre):
    match role:
        case Role.SYMMETRIC:
            return task_symmetric_distance(query, task), distance_error(query, task)
        case Role.SOURCES_FOR:
            pair = {"source": task, "target": query}
            return task_asymmetric_distance(**pair), asymmetric_distance_error(**pair)
        case Role.CENTRED:
            own, other = (with_prior(e.values, SPACE.prior_precision) for e in (query, task))
            error = estimate_centred(query, [task], centre=centre).errors[0]
            return float(centred_distance(own, other, centre=centre)), float(error)


def naive(embeddings, query, *, k, role=Role.SYMMETRIC, among=None):
    """What a loop finds; the mean of centred distances is ``among``, by default ``embeddings``."""
    centre = mean_of_logs(among or embeddings) if role is Role.CENTRED else None
    rows = []
    for name, task in embeddings.items():
        distance, error = distance_and_error(query, task, role=role, centre=centre)
        rows.append((distance, name, error))
    return [(name.upper(), name, distance, error) for distance, name, error in sorted(rows)[:k]]


def check(neighbours, expected, *, role=Role.SYMMETRIC):
    """Compare with what `naive` found, to the last bit where no mean decides it."""
    assert [(n.id, n.name) for n in neighbours] == [(id_, name) for id_, name, _, _ in expected]
    got = [(n.distance, n.standard_error) for n in neighbours]
    close = {"atol": 1e-12, "rtol": 1e-9} if role is Role.CENTRED else {"atol": 0, "rtol": 0}
    np.testing.assert_allclose(got, [row[2:] for row in expected], **close)
