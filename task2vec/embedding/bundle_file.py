"""A bundle as a file: a zip of one JSON document and one safetensors file, without pickles."""

import json
import os
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from safetensors import SafetensorError
from safetensors.numpy import load, save

from task2vec.atomic_file import atomic_file, writable
from task2vec.data.containers.archive_zip import open_zip
from task2vec.data.containers.zip_members import open_member
from task2vec.data.paths import reason
from task2vec.embedding.bundle import BundleContent, BundledOutcome, BundledTask, Part, Text
from task2vec.errors import InputError, Task2VecError, TooLargeError
from task2vec.messages.bundles import MOST_BUNDLED, BundleName, Licence
from task2vec.messages.faults import first_fault
from task2vec.types import TaskEmbedding
from task2vec.types.details import EmbeddingDetails
from task2vec.types.image_hashes import (
    SCHEME,
    hashes_from_bytes,
    hashes_to_bytes,
)
from task2vec.types.names import LONGEST_VERSION, MOST_TAGS
from task2vec.types.provenance import provenance_of
from task2vec.types.scatter import ClassScatter

FORMAT = "task2vec bundle 1"


MAX_BUNDLE_BYTES = 2**30
"""Bytes that a file may unpack to: `MOST_BUNDLED` tasks of the default probe take 700 MB."""
MAX_MANIFEST_BYTES = 32 * 2**20
MAX_HEADER_BYTES = 16 * 2**20
"""Of the safetensors file: six arrays of each task take less than a megabyte."""
MOST_OUTCOMES = 100_000
_MANIFEST, _ARRAYS = "bundle.json", "arrays.safetensors"
_DATE = (1980, 1, 1, 0, 0, 0)
_SHA256 = "^[0-9a-f]{64}$"


class _ListedTask(Part):
    """A task without its arrays."""

    name: Text
    tags: Annotated[list[Text], Field(max_length=MOST_TAGS)]
    licence: Licence | None
    provenance: dict[str, Any]
    details: dict[str, Any] | None
    hashes: str | None


class _Manifest(Part):
    """The document. ``arrays`` is the SHA-256 of the other member, ``sha256`` that of the rest."""

    format: str
    name: BundleName
    version: Annotated[str, Field(min_length=1, max_length=LONGEST_VERSION)]
    maker: Text | None
    created: Annotated[str, Field(max_length=40)]
    models: dict[Text, Annotated[str, Field(pattern=_SHA256)]]
    tasks: Annotated[list[_ListedTask], Field(min_length=1, max_length=MOST_BUNDLED)]
    outcomes: Annotated[list[BundledOutcome], Field(max_length=MOST_OUTCOMES)]
    arrays: Annotated[str, Field(pattern=_SHA256)]
    sha256: Annotated[str, Field(pattern=_SHA256)]

    def content(self) -> str:
        """Return the SHA-256 of all that the document says but when it was made."""
        said = self.model_dump(mode="json", exclude={"created", "sha256"})
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return sha256(text.encode()).hexdigest()


def write_bundle(content: BundleContent, path: str | os.PathLike[str]) -> str:
    """Write a bundle, whole or not at all; return the SHA-256 of its content.

    Equal contents made at the same time are equal files. Raises `InputError` when the place cannot
    be written.
    """
    arrays = save(_arrays(content.tasks))
    manifest = _Manifest(
        format=FORMAT,
        name=content.name,
        version=content.version,
        maker=content.maker,
        created=content.created,
        models=dict(content.models),
        tasks=[_listed(task) for task in content.tasks],
        outcomes=list(content.outcomes),
        arrays=sha256(arrays).hexdigest(),
        sha256="0" * 64,
    )
    manifest = manifest.model_copy(update={"sha256": manifest.content()})
    text = json.dumps(manifest.model_dump(mode="json"), allow_nan=False, indent=1)
    path = Path(path)
    with (
        writable("The bundle", path),
        atomic_file(path) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
    ):
        for name, data in ((_MANIFEST, text.encode()), (_ARRAYS, arrays)):
            about = zipfile.ZipInfo(name, _DATE)
            about.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(about, data)
    return manifest.sha256


def read_bundle(path: str | os.PathLike[str]) -> BundleContent:
    """Return what `write_bundle` wrote; whether its numbers can be, others check.

    Raises `InputError` for any other file and for one that was altered, `TooLargeError` for one
    that unpacks to more than a bundle holds.
    """
    path = Path(path)
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read",
            expected="a file that `task2vec bundle export` wrote",
            got=reason(error),
        ) from error
    try:
        with open_zip(path, source="this file") as archive:
            _check_size(archive)
            manifest = _Manifest.model_validate_json(_read(archive, _MANIFEST))
            if manifest.format != FORMAT:
                raise ValueError(f"format {manifest.format!r:.100}")
            if manifest.sha256 != manifest.content():
                raise ValueError("a document that does not match its checksum")
            data = _read(archive, _ARRAYS)
        if sha256(data).hexdigest() != manifest.arrays:
            raise ValueError("numbers that do not match their checksum")
        if int.from_bytes(data[:8], "little") > MAX_HEADER_BYTES:
            raise ValueError("a header of arrays that is too long")
        return _content(manifest, load(data))
    except TooLargeError:
        raise
    # Damage shows as ValueError, KeyError, BadZipFile and others of zipfile, safetensors and numpy.
    except Exception as error:
        raise InputError(
            "This file is no bundle",
            expected=f"a file of the format {FORMAT!r}",
            got=_told(error),
            remedy="Ask its maker for the file and its SHA-256.",
        ) from error


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return first_fault(error)
    if isinstance(error, SafetensorError):
        return f"damaged arrays: {error}"
    if isinstance(error, Task2VecError):
        return error.got or error.problem
    return str(error)


def _check_size(archive: zipfile.ZipFile) -> None:
    sizes = {info.filename: info.file_size for info in archive.infolist()}
    if sorted(sizes) != sorted((_MANIFEST, _ARRAYS)) or len(archive.infolist()) != len(sizes):
        raise ValueError("other members")
    if sizes[_MANIFEST] > MAX_MANIFEST_BYTES or sum(sizes.values()) > MAX_BUNDLE_BYTES:
        raise TooLargeError(
            "This is no bundle: it unpacks to more than one would",
            expected=f"at most {MAX_BUNDLE_BYTES:,} bytes, {MAX_MANIFEST_BYTES:,} of them JSON",
        )


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with open_member(archive, archive.getinfo(name)) as file:
        return file.read()


def _arrays(tasks: Sequence[BundledTask]) -> dict[str, NDArray[Any]]:
    """Return the arrays of all tasks, by the number of the task and the name of the part."""
    found: dict[str, NDArray[Any]] = {}
    for number, task in enumerate(tasks):
        embedding = task.embedding
        parts: dict[str, NDArray[Any]] = {
            "values": embedding.values,
            "errors": embedding.errors,
            "replicates": embedding.replicates,
        }
        if task.hashes is not None:
            parts["hashes"] = np.frombuffer(hashes_to_bytes(task.hashes), np.uint8)
        if task.details is not None and task.details.scatter is not None:
            parts["between"] = task.details.scatter.between
            parts["within"] = task.details.scatter.within
        found |= {f"{number}.{part}": array for part, array in parts.items()}
    return found


def _listed(task: BundledTask) -> _ListedTask:
    details = task.details
    return _ListedTask(
        name=task.name,
        tags=list(task.tags),
        licence=task.licence,
        provenance=task.embedding.provenance.model_dump(mode="json"),
        details=None if details is None else details.model_dump(mode="json", exclude_defaults=True),
        hashes=None if task.hashes is None else SCHEME,
    )


def _content(manifest: _Manifest, arrays: dict[str, NDArray[Any]]) -> BundleContent:
    names = [task.name for task in manifest.tasks]
    if len(set(names)) < len(names):
        raise ValueError("two tasks of one name")
    tasks = [_task(number, task, arrays) for number, task in enumerate(manifest.tasks)]
    if arrays:
        raise ValueError(f"arrays of no task: {', '.join(sorted(arrays)[:3])}")
    return BundleContent(
        name=manifest.name,
        version=manifest.version,
        maker=manifest.maker,
        created=manifest.created,
        models=manifest.models,
        tasks=tasks,
        outcomes=manifest.outcomes,
        sha256=manifest.sha256,
    )


def _task(number: int, listed: _ListedTask, arrays: dict[str, NDArray[Any]]) -> BundledTask:
    """Return a task, whose arrays are taken out of ``arrays``."""

    def part(name: str, kind: type[np.generic]) -> NDArray[Any] | None:
        array = arrays.pop(f"{number}.{name}", None)
        if array is not None and array.dtype != kind:
            raise ValueError(f"{name} of type {array.dtype}")
        return array

    values, errors = part("values", np.float32), part("errors", np.float32)
    replicates = part("replicates", np.float16)
    if values is None or errors is None or replicates is None:
        raise ValueError(f"no embedding of {listed.name!r:.100}")
    embedding = TaskEmbedding(
        values=values,
        errors=errors,
        replicates=replicates,
        provenance=provenance_of(listed.provenance),
    )
    hashes = part("hashes", np.uint8)
    between, within = part("between", np.float16), part("within", np.float16)
    details = None
    if listed.details is not None:
        details = EmbeddingDetails.fitting(
            listed.details, elements=values.size, classes=embedding.provenance.classes
        )
        if between is not None and within is not None:
            scatter = ClassScatter(between, within)
            details = details.model_copy(update={"scatter": scatter})
    return BundledTask(
        name=listed.name,
        embedding=embedding,
        tags=tuple(listed.tags),
        licence=listed.licence,
        # Hashes of another scheme are compared with none.
        hashes=hashes_from_bytes(hashes.tobytes())
        if hashes is not None and listed.hashes == SCHEME
        else None,
        details=details,
    )
