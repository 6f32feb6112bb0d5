"""The index for many tasks: FAISS proposes, the exact distances decide."""

import sys
from collections.abc import Collection
from copy import copy
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from task2vec.distance import ALPHA
from task2vec.messages.neighbours import Neighbour
from task2vec.store.index.exact import ExactIndex, Rows
from task2vec.store.index.geometry import Geometry, Numbers
from task2vec.store.index.measures import InRole
from task2vec.store.index.protocol import Judged, Role, TaskFilter
from task2vec.types import Space, TaskEmbedding

CROSSOVER = 1_000
"""The number of tasks from which proposing pays: benchmarks/results/search.json."""

# Proposals per neighbour and query vector, and the distance up to which no more are needed. The
# vectors tell near tasks apart well and far ones badly: docs/adr/0008-search-by-candidates.md.
_STAGES = ((20, 0.3), (80, 0.4))
_FEWEST = 10


def usable() -> bool:
    """Return whether FAISS is installed and may be loaded into this process.

    Not beside torch: each brings its own OpenMP, and together they have crashed.
    """
    return "torch" not in sys.modules and find_spec("faiss") is not None


class FaissIndex:
    """Searches among the first rows of an exact index by proposals, among the rest exactly.

    Where what is proposed is far from the query, more is proposed, and at last all is scanned: a
    query without relatives in the store costs a scan.

    Args:
        exact: the tasks, and how they are judged.
        geometry: the map to vectors.
        codes: the vectors (m, d + 1) of the exact index's first m rows.
        crossover: with fewer tasks to look at, all of them are judged.
    """

    def __init__(
        self,
        exact: ExactIndex,
        *,
        geometry: Geometry,
        codes: Numbers,
        crossover: int = CROSSOVER,
    ) -> None:
        self._exact = exact
        self._geometry = geometry
        self._crossover = crossover
        self._flat = flat_index(codes)
        self._covered = len(codes)

    def sharing(self, exact: ExactIndex) -> "FaissIndex":
        """Return an index over ``exact`` whose first rows are the same; vectors are shared."""
        other = copy(self)
        other._exact = exact
        return other

    @property
    def space(self) -> Space:
        """The space of all tasks in the index."""
        return self._exact.space

    @property
    def covered(self) -> int:
        """The number of rows that FAISS knows."""
        return self._covered

    def __len__(self) -> int:
        """Return the number of tasks in the index."""
        return len(self._exact)

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
        rows = self._exact.admitted(query, k=k, exclude=exclude, where=where)
        # Its vectors are made for the other distances, and the mean moves with every task.
        for share, reach in () if role is Role.CENTRED else _STAGES:
            count = share * max(k, _FEWEST)
            if self._crossover and rows.size < max(self._crossover, 2 * count):
                break
            proposed = self._propose(query, rows, count=count, role=role)
            symmetric = self._exact.symmetric(query, proposed)
            found = self._exact.nearest(
                proposed,
                InRole(query, role),
                distances=self._exact.in_role(symmetric, proposed, role=role),
                k=k,
                near=symmetric <= reach,
            )
            # Fewer where those proposed are far, or are no longer what they were.
            if len(found) == min(k, rows.size):
                return found
        return self._exact.scan(query, rows, k=k, role=role)

    def judge(self, query: TaskEmbedding) -> list[Judged]:
        """Return every task with its distances: see `TaskIndex.judge`."""
        return self._exact.judge(query)

    def _propose(self, query: TaskEmbedding, rows: Rows, *, count: int, role: Role) -> Rows:
        known = rows[rows < self._covered]
        if not known.size:
            return rows
        alpha = ALPHA if role is Role.SOURCES_FOR else 0.0
        vectors = self._geometry.queries(query.values, alpha=alpha)
        parameters = None
        if known.size < self._covered:
            parameters = _among(known, self._covered)
        found = self._flat.search(vectors, min(count, known.size), params=parameters)[1]
        rest = rows[rows >= self._covered]
        return np.union1d(found[found >= 0], rest).astype(np.intp)


def flat_index(codes: Numbers) -> Any:
    """Return a FAISS index of inner products; nobody changes it, so threads may share it.

    Raises:
        ValueError: for codes that are not finite, which FAISS would keep and never find.
    """
    faiss: Any = import_module("faiss")
    if not np.isfinite(codes).all():
        raise ValueError("codes that are not finite")
    index = faiss.IndexFlatIP(codes.shape[1])
    index.add(np.ascontiguousarray(codes))
    return index


def _among(rows: Rows, count: int) -> Any:
    faiss: Any = import_module("faiss")
    mask = np.zeros(count, dtype=bool)
    mask[rows] = True
    bits = np.packbits(mask, bitorder="little")
    selector = faiss.IDSelectorBitmap(bits)
    parameters = faiss.SearchParameters(sel=selector)
    # FAISS keeps bare pointers to both.
    parameters.kept = (selector, bits)
    return parameters
