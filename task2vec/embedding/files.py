"""An embedding as a file: a NumPy archive without pickles, its provenance as JSON inside."""

import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from task2vec.atomic_file import atomic_file, writable
from task2vec.data.containers.archive_zip import open_zip
from task2vec.data.containers.zip_members import open_member
from task2vec.data.paths import reason
from task2vec.errors import InputError, TooLargeError
from task2vec.types import Ratios, TaskEmbedding, Vector
from task2vec.types.class_pictures import ClassPictures
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import (
    IMAGE_HASH,
    SCHEME,
    ImageHashes,
    hashes_from_bytes,
    hashes_to_bytes,
)
from task2vec.types.provenance import provenance_of
from task2vec.types.scatter import ClassScatter

_FORMAT = "task2vec embedding 1"
_HASHES = "image_hashes"
_DETAILS = "details"
_SCATTER = "class_scatter"
_PICTURES = "class_pictures"

MAX_EMBEDDING_BYTES = 64 * 2**20
"""Bytes that a file may unpack to: the largest of known probes has 10^5 filters, and values, errors
and replicates take 20 bytes for each."""
_MAX_ARRAYS = 8
_MAX_HEADER = 4 * 2**20
"""Characters of the header: 10,000 classes with what each was taken for need a fourth."""


def save_embedding(
    embedding: TaskEmbedding,
    path: str | os.PathLike[str],
    *,
    name: str,
    hashes: ImageHashes | None = None,
    details: EmbeddingDetails | None = None,
    pictures: ClassPictures | None = None,
) -> None:
    """Write an embedding to ``path`` (.npz), whole or not at all.

    ``hashes`` (n,) of the images that it was made of, ``details`` and ``pictures`` go with it where
    they are given. Raises `InputError` when the place cannot be written or the suffix is another.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise InputError(
            "An embedding is exported as a NumPy archive",
            expected="a file name ending in .npz",
            got=path.name,
        )
    with writable("The embedding", path), atomic_file(path) as partial, partial.open("wb") as file:
        write_embedding(
            embedding, file, name=name, hashes=hashes, details=details, pictures=pictures
        )


def write_embedding(
    embedding: TaskEmbedding,
    file: BinaryIO,
    *,
    name: str,
    hashes: ImageHashes | None = None,
    details: EmbeddingDetails | None = None,
    pictures: ClassPictures | None = None,
) -> None:
    """Write what `save_embedding` writes to an open file."""
    arrays: dict[str, NDArray[np.uint8]] = {}
    header: dict[str, Any] = {
        "format": _FORMAT,
        "name": name,
        "provenance": embedding.provenance.model_dump(),
        "sha256": _checksum(embedding.values, embedding.errors, embedding.replicates),
    }
    if hashes is not None:
        data = hashes_to_bytes(hashes)
        header[_HASHES] = {"scheme": SCHEME, "sha256": sha256(data).hexdigest()}
        arrays[_HASHES] = np.frombuffer(data, np.uint8).reshape(-1, IMAGE_HASH.itemsize)
    if details is not None:
        header[_DETAILS] = details.model_dump(mode="json", exclude_defaults=True)
        if details.scatter is not None:
            data = details.scatter.to_bytes()
            header[_SCATTER] = {"sha256": sha256(data).hexdigest()}
            arrays[_SCATTER] = np.frombuffer(data, np.uint8)
    if pictures is not None:
        data = pictures.to_bytes()
        header[_PICTURES] = {"sha256": sha256(data).hexdigest()}
        arrays[_PICTURES] = np.frombuffer(data, np.uint8)
    np.savez_compressed(
        file,
        allow_pickle=False,
        values=embedding.values,
        errors=embedding.errors,
        replicates=embedding.replicates,
        header=np.array(json.dumps(header)),
        **arrays,
    )


def load_embedding(path: str | os.PathLike[str]) -> tuple[str, TaskEmbedding]:
    """Return the name and the embedding that `save_embedding` wrote.

    Raises `InputError` for any other file, and for one whose numbers were altered.
    """
    with _archive(Path(path)) as archive:
        header = archive.header()
        values, errors, replicates = (archive[name] for name in ("values", "errors", "replicates"))
        if header["format"] != _FORMAT:
            raise ValueError(f"format {header['format']!r}")
        if header["sha256"] != _checksum(values, errors, replicates):
            raise ValueError("numbers that do not match their checksum")
        return str(header["name"]), TaskEmbedding(
            values=values,
            errors=errors,
            replicates=replicates,
            provenance=provenance_of(header["provenance"]),
        )


def load_hashes(path: str | os.PathLike[str]) -> ImageHashes | None:
    """Return the image hashes (n,) that `save_embedding` wrote beside the embedding.

    None where there are none, as in files of earlier versions, or they were made in another way.
    Raises `InputError` for what is no embedding, and for hashes that were altered.
    """
    with _archive(Path(path)) as archive:
        about = archive.header().get(_HASHES)
        if about is None or about["scheme"] != SCHEME:
            return None
        stored = archive[_HASHES]
        if stored.dtype != np.uint8 or about["sha256"] != sha256(stored.tobytes()).hexdigest():
            raise ValueError("image hashes that do not match their checksum")
        return hashes_from_bytes(stored.tobytes())


def load_details(path: str | os.PathLike[str], embedding: TaskEmbedding) -> EmbeddingDetails | None:
    """Return the details that `save_embedding` wrote beside this embedding; None without any.

    Raises `InputError` for what is no embedding, and for details that do not fit it.
    """
    with _archive(Path(path)) as archive:
        header = archive.header()
        stated = header.get(_DETAILS)
        if stated is None:
            return None
        details = EmbeddingDetails.fitting(
            stated, elements=embedding.values.size, classes=embedding.provenance.classes
        )
        if (about := header.get(_SCATTER)) is None:
            return details
        data = archive[_SCATTER].tobytes()
        if about["sha256"] != sha256(data).hexdigest():
            raise ValueError("a class scatter that does not match its checksum")
        return details.model_copy(update={"scatter": ClassScatter.from_bytes(data)})


def load_pictures(path: str | os.PathLike[str], embedding: TaskEmbedding) -> ClassPictures | None:
    """Return the pictures that `save_embedding` wrote beside this embedding; None without any.

    Raises `InputError` for what is no embedding, and for pictures that do not fit it.
    """
    with _archive(Path(path)) as archive:
        if (about := archive.header().get(_PICTURES)) is None:
            return None
        data = archive[_PICTURES].tobytes()
        if about["sha256"] != sha256(data).hexdigest():
            raise ValueError("pictures that do not match their checksum")
        return ClassPictures.from_bytes(data, classes=embedding.provenance.classes)


class _Arrays:
    """The arrays of an open archive, each read when it is asked for."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def __getitem__(self, name: str) -> NDArray[Any]:
        with open_member(self._archive, self._archive.getinfo(f"{name}.npy")) as file:
            return npy.read_array(file, allow_pickle=False)

    def header(self) -> dict[str, Any]:
        """Return what the file states in JSON."""
        text = str(self["header"])
        if len(text) > _MAX_HEADER:
            raise ValueError(f"a header of {len(text):,} characters")
        header = json.loads(text)
        if not isinstance(header, dict):
            raise ValueError("a header that is no object")
        return header


@contextmanager
def _archive(path: Path) -> "Iterator[_Arrays]":
    """Open the file; whatever goes wrong with it is an `InputError`."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read",
            expected="a file that `task2vec export` wrote",
            got=reason(error),
            remedy="Export one with `task2vec export`.",
        ) from error
    try:
        with open_zip(path, source=str(path)) as archive:
            _check_size(archive)
            yield _Arrays(archive)
    except TooLargeError:
        raise
    # numpy and zipfile tell of damage by ValueError, KeyError, BadZipFile, zlib.error, ...
    except Exception as error:
        raise InputError(
            f"{path} is no embedding",
            expected=f"an archive of the format {_FORMAT!r}",
            got=getattr(error, "got", None) or str(error),
            remedy="Export one with `task2vec export`.",
        ) from error


def _check_size(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > _MAX_ARRAYS or sum(m.file_size for m in members) > MAX_EMBEDDING_BYTES:
        raise TooLargeError(
            "This is no embedding: it unpacks to more than one would",
            expected=f"at most {MAX_EMBEDDING_BYTES:,} bytes",
        )


def _checksum(values: Vector, errors: Vector, replicates: Ratios) -> str:
    parts = (values.astype("<f4"), errors.astype("<f4"), replicates.astype("<f2"))
    return sha256(b"".join(part.tobytes() for part in parts)).hexdigest()
