"""The index of one space, kept as the store is."""

import logging
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from task2vec.store.index.exact import EmbeddingsOf, ExactIndex
from task2vec.store.index.faiss import CROSSOVER, FaissIndex, usable
from task2vec.store.index.files import IndexFiles, SavedIndex
from task2vec.store.index.geometry import Geometry, Numbers
from task2vec.store.index.protocol import TaskIndex
from task2vec.store.index.rows import IndexedTasks, TaskRows
from task2vec.store.tasks.updates import Update
from task2vec.types import Space

# Rows that FAISS does not know are scanned: up to here that costs less than a new index.
_SCANNED = 256
_LOG = logging.getLogger(__name__)


class LiveIndex:
    """Catches up with the store when it is asked for, and hands out what nobody changes any more.

    From `CROSSOVER` tasks on, a FAISS index is loaded from its file or built in the background;
    until that is done, all tasks are scanned. It is fitted again when the tasks have doubled.

    Args:
        space: the space of all tasks.
        update_since: what is new since a change: `Tasks.update_since` for this space.
        embeddings_of: as for `ExactIndex`.
        files: where the FAISS index is kept.
        crossover: the number of tasks from which FAISS is used.
    """

    def __init__(
        self,
        space: Space,
        *,
        update_since: Callable[[int | None], Update | None],
        embeddings_of: EmbeddingsOf,
        files: IndexFiles,
        crossover: int = CROSSOVER,
    ) -> None:
        self._space = space
        self._update_since = update_since
        self._embeddings_of = embeddings_of
        self._files = files
        self._crossover = crossover
        self._lock = threading.Lock()
        self._rows = TaskRows(space.prior_precision)
        self._number: int | None = None
        self._geometry: Geometry | None = None
        self._codes: Numbers | None = None
        self._faiss: FaissIndex | None = None
        self._generation = 0
        self._loaded = False
        self._builder: threading.Thread | None = None
        self._published: TaskIndex = self._exact()

    def current(self) -> TaskIndex:
        """Return an index over the tasks as they are at this moment.

        Raises:
            StoreCorruptError: names a task whose embedding is damaged.
        """
        with self._lock:
            self._catch_up()
            return self._published

    def _catch_up(self) -> None:
        update = self._update_since(self._number)
        if update is not None:
            self._rows.take(update)
            self._number = update.number
            self._published = self._publish()

    def tasks(self) -> IndexedTasks:
        """Return the tasks as they are at this moment; raises as `current` does."""
        with self._lock:
            self._catch_up()
            rows, living = self._rows, self._rows.living()
            return IndexedTasks(
                records=[rows.records[row] for row in living],
                digests=[rows.digests[row] for row in living],
                values=rows.values,
                rows=living,
            )

    def wait(self) -> None:
        """Return once no FAISS index is being built."""
        builder = self._builder
        if builder is not None:
            builder.join()

    def _exact(self) -> ExactIndex:
        rows = self._rows
        return ExactIndex(
            self._space,
            records=rows.records[:],
            values=rows.values,
            embeddings_of=self._embeddings_of,
            rows=rows.living(),
            complexities=rows.complexities,
        )

    def _publish(self) -> TaskIndex:
        exact = self._exact()
        if len(exact) < self._crossover or not self._space.prior_precision or not usable():
            return exact
        if not self._loaded:
            self._loaded = True
            self._load()
        if self._generation != self._rows.generation:
            self._codes = self._faiss = None
            self._generation = self._rows.generation
        if self._geometry is None or len(exact) >= 2 * self._geometry.trained:
            self._start_building()
        if self._geometry is None:
            return exact
        if self._faiss is None or len(self._rows) - self._faiss.covered > _SCANNED:
            self._faiss = FaissIndex(
                exact,
                geometry=self._geometry,
                codes=self._complete(self._geometry),
                crossover=self._crossover,
            )
        self._faiss = self._faiss.sharing(exact)
        return self._faiss

    def _complete(self, geometry: Geometry) -> Numbers:
        """Return the vectors of all rows, having computed those that are lacking."""
        first = 0 if self._codes is None else len(self._codes)
        new = geometry.codes(self._rows.values[first:], self._rows.complexities[first:])
        self._codes = new if self._codes is None else np.concatenate([self._codes, new])
        return self._codes

    def _load(self) -> None:
        saved = self._files.load()
        if saved is None or len(self._rows) >= 2 * saved.geometry.trained:
            return
        if saved.geometry.elements.max(initial=0) >= self._rows.values.shape[1]:
            _LOG.warning("The saved index is of other embeddings and is built again")
            return
        place = {digest: i for i, digest in enumerate(saved.digests)}
        found = np.array([place.get(digest, -1) for digest in self._rows.digests])
        codes = np.empty((len(found), saved.codes.shape[1]), dtype=np.float32)
        codes[found >= 0] = saved.codes[found[found >= 0]]
        missing = np.flatnonzero(found < 0)
        if missing.size:
            values, complexities = self._rows.values[missing], self._rows.complexities[missing]
            codes[missing] = saved.geometry.codes(values, complexities)
        self._geometry, self._codes = saved.geometry, codes
        self._generation = self._rows.generation

    def _start_building(self) -> None:
        if self._builder is not None and self._builder.is_alive():
            return
        rows = self._rows
        # A daemon: a process that ends has no use for it, and a file half written harms nobody.
        self._builder = threading.Thread(
            target=self._build,
            args=(rows.values, rows.complexities, tuple(rows.digests)),
            kwargs={"generation": rows.generation, "number": self._number or 0},
            name="task2vec-index",
            daemon=True,
        )
        self._builder.start()

    def _build(
        self,
        values: Numbers,
        complexities: NDArray[np.float64],
        digests: tuple[str, ...],
        *,
        generation: int,
        number: int,
    ) -> None:
        try:
            geometry = Geometry.fit(values, prior_precision=self._space.prior_precision)
            codes = geometry.codes(values, complexities)
            with self._lock:
                self._geometry, self._faiss = geometry, None
                self._codes, self._generation = codes, generation
                self._published = self._publish()
            self._files.save(SavedIndex(geometry, codes, digests, number))
        except Exception:
            # The scan goes on finding everything.
            _LOG.exception("The index could not be built")
