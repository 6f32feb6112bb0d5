"""The arrays of an embedding as bytes: little-endian, with a SHA-256 checked on every read."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import numpy as np

from task2vec.errors import SettingError, StoreCorruptError
from task2vec.types import Provenance, Ratios, TaskEmbedding, Vector


class Kind(StrEnum):
    """The arrays of an embedding: the fields of `TaskEmbedding` that hold numbers."""

    VALUES = "values"
    ERRORS = "errors"
    REPLICATES = "replicates"


_STORED: dict[Kind, np.dtype[Any]] = {
    Kind.VALUES: np.dtype("<f4"),
    Kind.ERRORS: np.dtype("<f4"),
    Kind.REPLICATES: np.dtype("<f2"),
}
BYTES_OF_A_VALUE = _STORED[Kind.VALUES].itemsize


def encode(array: Vector | Ratios, *, kind: Kind) -> tuple[bytes, str]:
    """Return the bytes of ``array``, row by row, and their SHA-256 in hexadecimal."""
    data = np.ascontiguousarray(array, dtype=_STORED[kind]).tobytes()
    return data, hashlib.sha256(data).hexdigest()


def decode_values(data: bytes, digest: str, *, task: str) -> Vector:
    """Return the values (n,) that `encode` wrote.

    Raises:
        StoreCorruptError: where the bytes have another digest; names the ``task``.
    """
    _check(data, digest, task=task)
    return np.frombuffer(data, dtype=_STORED[Kind.VALUES]).astype(np.float32, copy=False)


def decode_embedding(
    parts: Mapping[Kind, tuple[bytes, str]], *, provenance: Provenance, task: str
) -> TaskEmbedding:
    """Return the embedding whose arrays `encode` wrote, each with its digest.

    Raises:
        StoreCorruptError: where the bytes have another digest, or make no embedding; names the
            ``task``.
    """
    for data, digest in parts.values():
        _check(data, digest, task=task)
    try:
        values, errors, replicates = (
            np.frombuffer(parts[kind][0], dtype=dtype) for kind, dtype in _STORED.items()
        )
        return TaskEmbedding(
            values=values,
            errors=errors,
            replicates=replicates.reshape(-1, values.size),
            provenance=provenance,
        )
    except (KeyError, ValueError, SettingError) as error:
        raise _damaged(task, expected="values, errors and replicates", got=str(error)) from error


def _check(data: bytes, digest: str, *, task: str) -> None:
    actual = hashlib.sha256(data).hexdigest()
    if actual != digest:
        raise _damaged(task, expected=f"SHA-256 {digest[:12]}…", got=f"{actual[:12]}…")


def _damaged(task: str, *, expected: str, got: str) -> StoreCorruptError:
    return StoreCorruptError(
        f"The embedding of task '{task}' is damaged in the store",
        expected=expected,
        got=got,
        remedy=f"Embed it again as '{task}' with `update` (`--update` on the command line), or "
        "remove it.",
    )
