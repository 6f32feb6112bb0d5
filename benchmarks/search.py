"""Search among 1,000 to 10,000 real embeddings: FAISS proposals against the scan of all tasks.

Both judge by exact distances with standard errors, read from a real store. It runs in a process
of its own, since FAISS and torch must not meet in one.
"""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks import many_tasks
from benchmarks.class_subsets import cache
from task2vec.messages.neighbours import Neighbour
from task2vec.store import ExactIndex, Role, Store
from task2vec.store.index import FaissIndex, TaskFilter
from task2vec.store.index.faiss import CROSSOVER
from task2vec.store.index.files import IndexFiles, SavedIndex
from task2vec.store.index.geometry import Geometry
from task2vec.store.tasks.recent import RecentEmbeddings
from task2vec.types import TaskEmbedding

SIZES = (250, 500, 1_000, 3_000, 10_000)
K, QUERIES, SEED = 10, 30, 77
FILTERS = {
    "tag of a family": TaskFilter(tags=frozenset({"letters"})),
    "at least 6 classes": TaskFilter(least_classes=6),
    "tag of a source": TaskFilter(tags=frozenset({"satellite_day"})),
}


def measure() -> dict[str, Any]:
    """Measure in a fresh process and return what it says."""
    command = [sys.executable, "-m", "benchmarks.search"]
    # Making the tasks loads torch, beside which FAISS is not used: another process makes them.
    subprocess.run([*command, "--fill"], check=True)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _measure() -> dict[str, Any]:
    with Store.open(cache() / "store", create=False) as store:
        asked = list(many_tasks.queries(QUERIES))
        new = [embedding for _, embedding in asked]
        families = [record.tags[0] for record, _ in asked]
        seconds, (records, values) = _timed(lambda: store.tasks.matrix(new[0].space))
        heads = np.array([int(record.name.split("_")[-2]) for record in records])
        result: dict[str, Any] = {
            "how_the_tasks_were_made": many_tasks.HOW,
            "queries": f"{QUERIES} whose head no stored task has, {QUERIES} stored tasks",
            "k": K,
            "recall_counts": "by id, against the scan; latencies include standard errors",
            "seconds_to_read_and_verify_10000_from_the_store": round(seconds, 2),
            "sizes": {},
        }
        for size in SIZES:
            rows = np.flatnonzero(heads < size // many_tasks.PER_HEAD)
            held = [records[i] for i in rows], values if rows.size == len(values) else values[rows]
            result["sizes"][str(rows.size)] = _at_size(store, *held, new=new, families=families)
            print(rows.size, file=sys.stderr, flush=True)
        result["memory_peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        result["live"] = _live(store, new)
    return result


def _at_size(
    store: Store, records: Any, values: Any, *, new: list[TaskEmbedding], families: list[str]
) -> Any:
    recent = RecentEmbeddings(store.tasks)
    space = new[0].space
    exact = ExactIndex(space, records=records, values=values, embeddings_of=recent.embeddings)
    complexities = exact.complexities
    fit, geometry = _timed(lambda: Geometry.fit(values, prior_precision=space.prior_precision))
    coding, codes = _timed(lambda: geometry.codes(values, complexities))
    # Below the cross-over it is tried all the same, to see where it is.
    crossover = min(CROSSOVER, len(records))
    index = FaissIndex(exact, geometry=geometry, codes=codes, crossover=crossover)
    picked = np.random.default_rng(SEED).choice(len(records), QUERIES, replace=False)
    queries: list[tuple[TaskEmbedding, tuple[str, ...]]] = [(query, ()) for query in new]
    ids = [records[i].id for i in picked]
    embeddings = recent.embeddings(ids)
    queries += [(embeddings[id_], (id_,)) for id_ in ids]
    result: dict[str, Any] = {
        "fit_seconds": round(fit, 2),
        "coding_seconds": round(coding, 2),
        "dimensions": codes.shape[1],
        "codes_mb": round(codes.nbytes / 1e6, 1),
    }
    for role in (Role.SYMMETRIC, Role.SOURCES_FOR):
        result[role.value] = _compare(exact, index, queries, role=role)
    if len(records) == max(SIZES):
        families = families + [records[i].tags[0] for i in picked]
        for name, where in FILTERS.items():
            result[name] = _compare(exact, index, queries, role=Role.SYMMETRIC, where=where)
            result[name]["admitted"] = sum(where.admits(record) for record in records)
        alone = [
            (query, tuple(record.id for record in records if record.tags[0] == family))
            for (query, _), family in zip(queries, families, strict=True)
        ]
        result["own family left out"] = _compare(exact, index, alone, role=Role.SYMMETRIC)
    return result


def _compare(
    exact: ExactIndex,
    index: FaissIndex,
    queries: list[tuple[TaskEmbedding, tuple[str, ...]]],
    *,
    role: Role,
    where: TaskFilter | None = None,
) -> dict[str, Any]:
    def run(one: ExactIndex | FaissIndex) -> tuple[list[float], list[list[Neighbour]]]:
        def search(query: TaskEmbedding, exclude: tuple[str, ...]) -> list[Neighbour]:
            return one.search(query, k=K, role=role, exclude=exclude, where=where)

        timed = [_timed(partial(search, *query)) for query in queries]
        return [seconds for seconds, _ in timed], [found for _, found in timed]

    cold = run(index)[0]
    scanned, truth = run(exact)
    proposed, found = run(index)
    recalls = [
        len({n.id for n in got} & {n.id for n in want}) / len(want)
        for got, want in zip(found, truth, strict=True)
    ]
    return {
        "recall_at_10_new": round(float(np.mean(recalls[:QUERIES])), 4),
        "recall_at_10_stored": round(float(np.mean(recalls[QUERIES:])), 4),
        "scan_ms": _quantiles(scanned),
        "faiss_ms": _quantiles(proposed),
        "faiss_first_time_ms": _quantiles(cold),
    }


def _live(store: Store, new: list[TaskEmbedding]) -> dict[str, Any]:
    space = new[0].space
    first, _ = _timed(lambda: store.index(space))
    live = store._indices[space]
    building, _ = _timed(live.wait)
    asking, _ = _timed(lambda: store.index(space))
    added = store.tasks.add(*next(many_tasks.queries(1)))
    following, index = _timed(lambda: store.index(space))
    found = index.search(new[0], k=1)[0].id == added.id
    store.tasks.remove(added.id)
    files = IndexFiles(store.path / "index", space)
    loading, saved = _timed(files.load)
    assert saved is not None
    again = SavedIndex(saved.geometry, saved.codes, saved.digests, saved.number)
    return {
        "kind": type(index).__name__,
        "first_seconds": round(first, 2),
        "rest_of_building_in_the_background_seconds": round(building, 2),
        "asking_again_ms": round(1e3 * asking, 2),
        "catching_up_with_one_task_ms": round(1e3 * following, 2),
        "the_added_task_is_found": found,
        "loading_the_file_ms": round(1e3 * loading, 1),
        "saving_the_file_ms": round(1e3 * _timed(lambda: files.save(again))[0], 1),
    }


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    started = perf_counter()
    value = call()
    return perf_counter() - started, value


def _quantiles(seconds: list[float]) -> dict[str, float]:
    return {f"p{q}": round(1e3 * float(np.percentile(seconds, q)), 1) for q in (50, 95)}


if __name__ == "__main__":
    if "--fill" in sys.argv:
        many_tasks.fill_store(cache() / "store")
        list(many_tasks.queries(QUERIES))
    else:
        print(json.dumps(_measure()))
