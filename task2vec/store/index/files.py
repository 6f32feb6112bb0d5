"""The index on disk: a cache that is believed only where nothing speaks against it."""

import hashlib
import io
import json
import logging
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from task2vec.atomic_file import atomic_file, make_folder, sync_folder
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
    """Saves and loads the index of one space in a directory.

    The manifest is written last, names the data by their SHA-256, and has one of its own. A kill in
    between leaves the manifest before; of two that save at once, one wins, or neither: then the
    manifest names data that are gone, which is a doubt like any other.
    """

    def __init__(self, directory: Path, space: Space) -> None:
        self._directory = directory
        self._space = space.model_dump()
        text = json.dumps(self._space, sort_keys=True)
        self._key = hashlib.sha256(text.encode()).hexdigest()[:16]
        self._manifest = directory / f"{self._key}.json"

    def save(self, saved: SavedIndex) -> None:
        """Write all of it, or say in the log why not."""
        buffer = io.BytesIO()
        geometry = saved.geometry
        np.savez(
            buffer,
            elements=geometry.elements,
            mean=geometry.mean,
            components=geometry.components,
            codes=saved.codes,
            digests=np.array(saved.digests, dtype="S64"),
        )
        data = buffer.getvalue()
        digest = hashlib.sha256(data).hexdigest()
        manifest = {
            **self._about(),
            "number": saved.number,
            "prior_precision": geometry.prior_precision,
            "trained": geometry.trained,
            "sha256": digest,
        }
        manifest["manifest_sha256"] = _hash_of(manifest)
        try:
            make_folder(self._directory)
            self._write(self._data(digest), data)
            self._write(self._manifest, json.dumps(manifest, sort_keys=True).encode())
            for path in self._directory.glob(f"{self._key}-*.npz"):
                if path != self._data(digest):
                    path.unlink(missing_ok=True)
        except OSError as error:
            _LOG.warning("The index is not saved: %s", error)

    def load(self) -> SavedIndex | None:
        """Return what was saved; None, and a line in the log, on any doubt about it."""
        if not self._manifest.exists():
            return None
        try:
            return self._read()
        # Whatever is wrong with a cache, the store has the truth.
        except Exception as error:
            _LOG.warning("The saved index is not used and is built again: %s", error)
            return None

    def _read(self) -> SavedIndex:
        manifest = json.loads(self._manifest.read_bytes())
        expected = self._about()
        given = {name: manifest[name] for name in expected}
        if given != expected:
            raise ValueError(f"it is of {given}, not of {expected}")
        if manifest.pop("manifest_sha256") != _hash_of(manifest):
            raise ValueError("its manifest is not the one that was written")
        # Hashed and parsed from one reading: the file may be replaced meanwhile.
        data = self._data(str(manifest["sha256"])).read_bytes()
        if hashlib.sha256(data).hexdigest() != manifest["sha256"]:
            raise ValueError("its bytes are not those that were written")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
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

    def _about(self) -> dict[str, Any]:
        return {"format": _FORMAT, "task2vec": version("task2vec"), "space": self._space}

    def _data(self, digest: str) -> Path:
        return self._directory / f"{self._key}-{digest[:16]}.npz"

    def _write(self, path: Path, data: bytes) -> None:
        with atomic_file(path) as partial:
            partial.write_bytes(data)
        sync_folder(self._directory)


def _hash_of(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
