"""A ``.npz`` file with the arrays ``images`` and ``labels``."""

import math
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from task2vec.data.archive_zip import open_zip
from task2vec.data.arrays import task_from_arrays
from task2vec.data.limits import MAX_ARRAY_BYTES
from task2vec.data.task import Task
from task2vec.errors import SourceError


def task_from_npz(path: Path, *, name: str, source: str) -> Task:
    """Make a task of the arrays ``images`` (n, H, W[, C]) uint8 and ``labels`` (n,) of a file.

    The arrays are read into memory; pickled objects are refused. Raises `SourceError`.
    """
    try:
        with open_zip(path, source=source) as archive:
            images, labels = (
                _array(archive, array, source=source) for array in ("images", "labels")
            )
    except SourceError:
        raise
    # numpy and zipfile tell of damage by ValueError, KeyError, BadZipFile, zlib.error, ...
    except Exception as error:
        raise _error(source, got=str(error)) from error
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or labels.ndim != 1:
        raise _error(
            source,
            got=f"images {images.dtype} {images.shape}, labels {labels.dtype} {labels.shape}",
        )
    return task_from_arrays(images.astype(np.uint8, copy=False), labels, name=name, source=source)


def _array(archive: zipfile.ZipFile, array: str, *, source: str) -> NDArray[np.generic]:
    try:
        info = archive.getinfo(f"{array}.npy")
    except KeyError:
        raise _error(source, got=", ".join(archive.namelist()[:5]) or "nothing") from None
    with archive.open(info) as file:
        # The header is checked first, since memory is taken for what it declares.
        version = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(file)
    declared = math.prod(shape) * dtype.itemsize
    if dtype.hasobject or not declared <= min(info.file_size, MAX_ARRAY_BYTES):
        raise _error(source, got=f"{array} of type {dtype} and shape {shape}")
    with archive.open(info) as file:
        return npy.read_array(file, allow_pickle=False)


def _error(source: str, *, got: str) -> SourceError:
    return SourceError(
        f"{source} holds no labelled images that can be read",
        expected="arrays images (n, H, W[, C]) of type uint8 and labels (n,)",
        got=got,
        remedy="Write it with numpy.savez_compressed(path, images=images, labels=labels).",
    )
