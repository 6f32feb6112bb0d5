"""An embedding as a file: a NumPy archive without pickles, its provenance as JSON inside."""

import json
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import numpy as np

from task2vec.errors import InputError
from task2vec.types import Provenance, Ratios, TaskEmbedding, Vector

_FORMAT = "task2vec embedding 1"


def save_embedding(embedding: TaskEmbedding, path: str | os.PathLike[str], *, name: str) -> None:
    """Write an embedding to ``path`` (.npz), whole or not at all.

    Raises `InputError` when the place cannot be written or the suffix is another.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InputError(
            "An embedding is exported as a NumPy archive",
            expected="a file name ending in .npz",
            got=path.name,
        )
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            write_embedding(embedding, file, name=name)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise InputError(
            f"The embedding cannot be written to {path}",
            got=error.strerror or str(error),
            remedy="Name a folder that exists and is writable.",
        ) from error
    finally:
        # Where nothing could be written, there may be nothing that can be removed.
        with suppress(OSError):
            partial.unlink()


def write_embedding(embedding: TaskEmbedding, file: BinaryIO, *, name: str) -> None:
    """Write what `save_embedding` writes to an open file."""
    header = {
        "format": _FORMAT,
        "name": name,
        "provenance": embedding.provenance.to_json(),
        "sha256": _checksum(embedding.values, embedding.errors, embedding.replicates),
    }
    np.savez_compressed(
        file,
        values=embedding.values,
        errors=embedding.errors,
        replicates=embedding.replicates,
        header=json.dumps(header),
    )


def load_embedding(path: str | os.PathLike[str]) -> tuple[str, TaskEmbedding]:
    """Return the name and the embedding that `save_embedding` wrote.

    Raises `InputError` for any other file, and for one whose numbers were altered.
    """
    path = Path(path)
    try:
        # Opened here, since numpy leaves a file open that proves to be no archive.
        file = path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read",
            expected="a file that `task2vec export` wrote",
            got=(error.strerror or str(error)).lower(),
            remedy="Export one with `task2vec export`.",
        ) from error
    try:
        with file, np.load(file, allow_pickle=False) as archive:
            header = json.loads(str(archive["header"]))
            values, errors, replicates = (
                archive[name] for name in ("values", "errors", "replicates")
            )
        if header["format"] != _FORMAT:
            raise ValueError(f"format {header['format']!r}")
        if header["sha256"] != _checksum(values, errors, replicates):
            raise ValueError("numbers that do not match their checksum")
        return str(header["name"]), TaskEmbedding(
            values=values,
            errors=errors,
            replicates=replicates,
            provenance=Provenance.from_json(header["provenance"]),
        )
    # numpy and zipfile tell of damage by ValueError, KeyError, BadZipFile, zlib.error, ...
    except Exception as error:
        raise InputError(
            f"{path} is no embedding",
            expected=f"an archive of the format {_FORMAT!r}",
            got=str(error),
            remedy="Export one with `task2vec export`.",
        ) from error


def _checksum(values: Vector, errors: Vector, replicates: Ratios) -> str:
    parts = (values.astype("<f4"), errors.astype("<f4"), replicates.astype("<f2"))
    return sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
