"""Where the tasks of a space lie in the plane, kept as the store is.

The landmarks are chosen once and laid out; tasks that come later are placed by their distances to
them, and move nobody. They are chosen anew when the tasks have doubled. Distances are taken over
some of the elements, evenly spaced, which are a fair sample of every layer.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from task2vec.distance import fast_symmetric
from task2vec.messages.tasks import StoredTask
from task2vec.plots.landmarks import (
    Matrix,
    Numbers,
    fit_terms,
    lay_out_landmarks,
    misfit,
    place,
    turned_onto,
)
from task2vec.store.index.array_files import ArrayFiles
from task2vec.store.index.rows import IndexedTasks
from task2vec.types import Space, Vector

# With 128 landmarks the stress of 10,000 tasks was 0.303, with all distances 0.295.
_LANDMARKS, _ELEMENTS = 128, 1024
_AT_ONCE = 512
# What a start would have to place again is saved from so many tasks on.
_UNSAVED = 256
_FORM = "task2vec layout 1"
_LOG = logging.getLogger(__name__)


def nothing() -> None:
    """Let it go on."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The m tasks of a space in the plane: ``places`` (m, 2), in units of distance.

    ``stress`` says how far lengths to the landmarks are off, as a fraction.
    """

    records: Sequence[StoredTask]
    places: Matrix
    stress: float
    landmarks: int


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Tasks that others are placed by, of ``fitted`` that there were at that time.

    ``elements`` (e,) are those that distances are taken over, ``values`` (l, e) the landmarks'
    embeddings there, ``places`` (l, 2) where they lie, ``digests`` whose they are.
    """

    elements: NDArray[np.intp]
    values: Vector
    places: Matrix
    digests: tuple[str, ...]
    fitted: int


class LiveLayout:
    """Catches up with the tasks that it is asked for; what it hands out nobody changes any more.

    Args:
        space: the space of all tasks.
        directory: where the layout is kept.
    """

    def __init__(self, space: Space, directory: Path) -> None:
        self._prior = space.prior_precision
        self._files = ArrayFiles(directory, space, form=_FORM, kind="layout-")
        self._lock = threading.Lock()
        self._loaded = False
        self._unsaved = 0
        self._landmarks: Landmarks | None = None
        self._forget()

    def _forget(self) -> None:
        self._row_of: dict[str, int] = {}
        self._places: Matrix = np.empty((0, 2))
        self._terms: Matrix = np.empty((0, 3))

    def of(self, tasks: IndexedTasks, *, check: Callable[[], None] = nothing) -> Layout:
        """Return where these tasks lie; ``check`` may raise, and the next call goes on."""
        count = len(tasks.records)
        if not count:
            return Layout((), np.empty((0, 2)), stress=0.0, landmarks=0)
        with self._lock:
            if not self._loaded:
                self._loaded = True
                self._load(tasks)
            marks = self._landmarks
            if marks is None or count >= 2 * marks.fitted:
                marks = self._begin(tasks)
            if len(self._row_of) > 2 * count + _AT_ONCE:
                self._tidy(tasks.digests)
            self._complete(tasks, marks, check)
            rows = np.fromiter(map(self._row_of.__getitem__, tasks.digests), np.intp, count)
            places, terms = self._places[rows], self._terms[rows]
        stress = misfit(terms)
        return Layout(tasks.records, places, stress=stress, landmarks=len(marks.places))

    def _begin(self, tasks: IndexedTasks) -> Landmarks:
        """Choose landmarks by digest, which is as good as at random, and lay them out."""
        size = tasks.values.shape[1]
        elements = np.unique(np.linspace(0, size - 1, min(_ELEMENTS, size)).astype(np.intp))
        row_of = dict(zip(tasks.digests, tasks.rows.tolist(), strict=True))
        digests = tuple(sorted(row_of)[:_LANDMARKS])
        rows = [row_of[digest] for digest in digests]
        values = np.ascontiguousarray(tasks.values[np.ix_(rows, elements)])
        distances = self._between(values, values).astype(np.float64)
        distances = (distances + distances.T) / 2
        np.fill_diagonal(distances, 0.0)
        places = lay_out_landmarks(distances)
        # Whoever looks again finds it turned as before, as far as that can be.
        both = [i for i, digest in enumerate(digests) if digest in self._row_of]
        if len(both) > 1:
            before = self._places[[self._row_of[digests[i]] for i in both]]
            places = places @ turned_onto(places[both], before)
        marks = Landmarks(elements, values, places, digests, fitted=len(tasks.records))
        self._forget()
        self._landmarks = marks
        self._add(digests, places, fit_terms(distances.astype(np.float32), places, places))
        return marks

    def _complete(self, tasks: IndexedTasks, marks: Landmarks, check: Callable[[], None]) -> None:
        known = self._row_of
        lacking = {
            digest: row
            for digest, row in zip(tasks.digests, tasks.rows.tolist(), strict=True)
            if digest not in known
        }
        digests, rows = list(lacking), list(lacking.values())
        for first in range(0, len(rows), _AT_ONCE):
            check()
            some = slice(first, first + _AT_ONCE)
            values = np.ascontiguousarray(tasks.values[np.ix_(rows[some], marks.elements)])
            profiles = self._between(marks.values, values).T
            places = place(profiles, marks.places)
            self._add(digests[some], places, fit_terms(profiles, places, marks.places))
        if self._unsaved >= min(_UNSAVED, len(known)):
            self._save(marks)

    def _add(self, digests: Sequence[str], places: Matrix, terms: Matrix) -> None:
        start = len(self._places)
        self._places = np.concatenate([self._places, places])
        self._terms = np.concatenate([self._terms, terms])
        self._row_of |= {digest: start + i for i, digest in enumerate(digests)}
        self._unsaved += len(digests)

    def _tidy(self, digests: Sequence[str]) -> None:
        kept = [digest for digest in dict.fromkeys(digests) if digest in self._row_of]
        rows = [self._row_of[digest] for digest in kept]
        places, terms = self._places[rows], self._terms[rows]
        self._forget()
        self._add(kept, places, terms)

    def _between(self, rows: Vector, columns: Vector) -> Numbers:
        """Return the distances (r, c); what is not known without a prior counts as far."""
        found = np.empty((len(rows), len(columns)), dtype=np.float32)
        for row, values in zip(found, rows, strict=True):
            row[:] = fast_symmetric(values, columns, prior_precision=self._prior)
        return np.nan_to_num(found, nan=1.0)

    def _save(self, marks: Landmarks) -> None:
        self._unsaved = 0
        arrays: dict[str, NDArray[Any]] = {
            "elements": marks.elements,
            "values": marks.values,
            "landmarks": marks.places,
            "landmark_digests": np.array(marks.digests, dtype="S64"),
            "places": self._places,
            "terms": self._terms,
            "digests": np.array(list(self._row_of), dtype="S64"),
        }
        try:
            self._files.save(arrays, {"fitted": marks.fitted})
        except OSError as error:
            _LOG.warning("The layout is not saved: %s", error)

    def _load(self, tasks: IndexedTasks) -> None:
        if not self._files.exist():
            return
        try:
            arrays, manifest = self._files.load()
            marks = Landmarks(
                arrays["elements"],
                arrays["values"],
                arrays["landmarks"],
                tuple(digest.decode() for digest in arrays["landmark_digests"]),
                fitted=int(manifest["fitted"]),
            )
            digests = [digest.decode() for digest in arrays["digests"]]
            places, terms = arrays["places"], arrays["terms"]
            if marks.elements.max() >= tasks.values.shape[1]:
                raise ValueError("it is of other embeddings")
            count, width = marks.values.shape
            if (marks.elements.shape, marks.places.shape) != ((width,), (count, 2)):
                raise ValueError(f"its landmarks have the shape {marks.places.shape}")
            if (places.shape, terms.shape) != ((len(digests), 2), (len(digests), 3)):
                raise ValueError(f"its places have the shape {places.shape}")
        # Whatever is wrong with a cache, the store has the truth.
        except Exception as error:
            _LOG.warning("The saved layout is not used and is made again: %s", error)
            return
        self._landmarks = marks
        self._add(digests, places, terms)
        self._unsaved = 0
