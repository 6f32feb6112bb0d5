"""Arrays on disk that are a cache: believed only where nothing speaks against them."""

import hashlib
import io
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from task2vec.atomic_file import atomic_file, make_folder, sync_folder
from task2vec.types import Space

Arrays = Mapping[str, NDArray[Any]]


class ArrayFiles:
    """Saves and loads arrays of one space in a directory, with a manifest of JSON.

    ``form`` names what is written and its version; names of files of another than the index begin
    with their ``kind``.

    The manifest is written last, names the data by their SHA-256, and has one of its own. A kill in
    between leaves the manifest before; of two that save at once, one wins, or neither: then the
    manifest names data that are gone, which is a doubt like any other.
    """

    def __init__(self, directory: Path, space: Space, *, form: str, kind: str = "") -> None:
        self._directory = directory
        self._about = {"format": form, "space": space.model_dump()}
        text = json.dumps(self._about["space"], sort_keys=True)
        self._key = kind + hashlib.sha256(text.encode()).hexdigest()[:16]
        self._manifest = directory / f"{self._key}.json"

    def exist(self) -> bool:
        """Return whether something was saved."""
        return self._manifest.exists()

    def save(self, arrays: Arrays, facts: Mapping[str, Any]) -> None:
        """Write all of it. Raises `OSError` where that fails."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **dict(arrays))
        data = buffer.getvalue()
        digest = hashlib.sha256(data).hexdigest()
        manifest = {**self._expected(), **facts, "sha256": digest}
        manifest["manifest_sha256"] = _hash_of(manifest)
        make_folder(self._directory)
        self._write(self._data(digest), data)
        self._write(self._manifest, json.dumps(manifest, sort_keys=True).encode())
        for path in self._directory.glob(f"{self._key}-*.npz"):
            if path != self._data(digest):
                path.unlink(missing_ok=True)

    def load(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Return the arrays and the manifest; raises some exception on any doubt about them."""
        manifest = json.loads(self._manifest.read_bytes())
        expected = self._expected()
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
            return dict(arrays), manifest

    def _expected(self) -> dict[str, Any]:
        return {**self._about, "task2vec": version("task2vec")}

    def _data(self, digest: str) -> Path:
        return self._directory / f"{self._key}-{digest[:16]}.npz"

    def _write(self, path: Path, data: bytes) -> None:
        with atomic_file(path) as partial:
            partial.write_bytes(data)
        sync_folder(self._directory)


def _hash_of(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
