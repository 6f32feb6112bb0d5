"""A ``.npz`` file with the arrays ``images`` and ``labels``."""

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from task2vec.data.containers.archive_zip import open_zip
from task2vec.data.containers.zip_members import open_member
from task2vec.data.formats.arrays import task_from_arrays
from task2vec.data.formats.source_format import SourceFile, SourceFormat
from task2vec.data.pixels.limits import MAX_ARRAY_BYTES, MAX_MEMBERS
from task2vec.data.task import Task
from task2vec.errors import SourceError

_ARRAYS = ("images", "labels")


class Npz(SourceFormat):
    """Arrays ``images`` (n, H, W[, C]) uint8 and ``labels`` of a NumPy archive.

    Labels are (n,), or (n, K) of 1, 0, and nan or -1 where an image may have several of K.
    """

    suffixes = (".npz",)

    def open_file(self, file: SourceFile) -> Task:
        """Read the arrays into memory; pickled objects are refused. Raises `SourceError`."""
        source = file.source
        try:
            with open_zip(file.path, source=source) as archive:
                declared = {name: _declared(archive, name, source=source) for name in _ARRAYS}
                _check(declared, source=source)
                images, labels = (_read(archive, declared[name]) for name in _ARRAYS)
        except SourceError:
            raise
        # numpy and zipfile tell of damage by ValueError, KeyError, BadZipFile, zlib.error, ...
        except Exception as error:
            raise _error(source, got=str(error)) from error
        pixels = images.astype(np.uint8, copy=False)
        return task_from_arrays(pixels, labels, name=file.name, source=source)


@dataclass(frozen=True)
class _Declared:
    """What the header of an array says, of which nothing else has been unpacked."""

    member: zipfile.ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __str__(self) -> str:
        return f"{self.dtype} {self.shape}"


def _declared(archive: zipfile.ZipFile, array: str, *, source: str) -> _Declared:
    try:
        info = archive.getinfo(f"{array}.npy")
    except KeyError:
        raise _error(source, got=", ".join(archive.namelist()[:5]) or "nothing") from None
    with open_member(archive, info) as file:
        version = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(file)
    return _Declared(info, shape, dtype)


def _check(declared_arrays: Mapping[str, _Declared], *, source: str) -> None:
    """Raise `SourceError` for arrays of other kinds, before memory is taken for what they are."""
    images, labels = (declared_arrays[name] for name in _ARRAYS)
    for array in (images, labels):
        declared = math.prod(array.shape) * array.dtype.itemsize
        # An array of nothing takes no bytes, and its length as long to walk through as any other.
        if (
            array.dtype.hasobject
            or not declared <= min(array.member.file_size, MAX_ARRAY_BYTES)
            or not max(array.shape, default=0) <= MAX_MEMBERS
        ):
            raise _error(source, got=f"{array.member.filename} of type {array}")
    if (
        images.dtype != np.uint8
        or len(images.shape) not in (3, 4)
        or len(labels.shape) not in (1, 2)
    ):
        raise _error(source, got=f"images {images}, labels {labels}")


def _read(archive: zipfile.ZipFile, array: _Declared) -> NDArray[np.generic]:
    with open_member(archive, array.member) as file:
        return npy.read_array(file, allow_pickle=False)


def _error(source: str, *, got: str) -> SourceError:
    return SourceError(
        f"{source} holds no labelled images that can be read",
        expected="arrays images (n, H, W[, C]) of type uint8 and labels (n,) or (n, classes)",
        got=got,
        remedy="Write it with numpy.savez_compressed(path, images=images, labels=labels).",
    )
