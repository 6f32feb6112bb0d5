"""The index on disk: a cache that is believed only where nothing speaks against it."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from task2vec.store.index.array_files import ArrayFiles
from task2vec.store.index.geometry import Geometry, Numbers
from task2vec.types import Space

_FORMAT = "task2vec index 2"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class SavedIndex:
    """A geometry with the vectors ``codes`` (m, d + 1) of the embeddings with these ``digests``.

    ``number`` is the last change that it had seen.
    """

    geometry: Geometry
    codes: Numbers
    digests: tuple[str, ...]
    number: int


class IndexFiles:
    """Saves and loads the index of one space in a directory."""

    def __init__(self, directory: Path, space: Space) -> None:
        self._files = ArrayFiles(directory, space, form=_FORMAT)

    def save(self, saved: SavedIndex) -> None:
        """Write all of it, or say in the log why not."""
        geometry = saved.geometry
        arrays: dict[str, NDArray[Any]] = {
            "elements": geometry.elements,
            "mean": geometry.mean,
            "components": geometry.components,
            "codes": saved.codes,
            "digests": np.array(saved.digests, dtype="S64"),
        }
        facts = {
            "number": saved.number,
            "prior_precision": geometry.prior_precision,
            "trained": geometry.trained,
        }
        try:
            self._files.save(arrays, facts)
        except OSError as error:
            _LOG.warning("The index is not saved: %s", error)

    def load(self) -> SavedIndex | None:
        """Return what was saved; None, and a line in the log, on any doubt about it."""
        if not self._files.exist():
            return None
        try:
            return self._read()
        # Whatever is wrong with a cache, the store has the truth.
        except Exception as error:
            _LOG.warning("The saved index is not used and is built again: %s", error)
            return None

    def _read(self) -> SavedIndex:
        arrays, manifest = self._files.load()
        geometry = Geometry(
            prior_precision=float(manifest["prior_precision"]),
            elements=arrays["elements"],
            mean=arrays["mean"],
            components=arrays["components"],
            trained=int(manifest["trained"]),
        )
        codes = arrays["codes"]
        digests = tuple(digest.decode() for digest in arrays["digests"])
        if codes.shape != (len(digests), geometry.components.shape[1] + 1):
            raise ValueError(f"its vectors have the shape {codes.shape}")
        if not np.isfinite(codes).all():
            raise ValueError("its vectors are not finite")
        return SavedIndex(geometry, codes, digests, int(manifest["number"]))
