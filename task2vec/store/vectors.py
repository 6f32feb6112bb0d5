"""Vectors as bytes: float32, little-endian, with a SHA-256 that is checked on every read."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import StoreCorruptError
from task2vec.types import Vector

_STORED = np.dtype("<f4")


def encode(vector: Vector) -> tuple[bytes, str]:
    """Return the bytes of ``vector`` (n,) and their SHA-256 in hexadecimal."""
    data = np.ascontiguousarray(vector, dtype=_STORED).tobytes()
    return data, hashlib.sha256(data).hexdigest()


def decode(data: bytes, digest: str, *, task: str) -> NDArray[np.float32]:
    """Return the vector that `encode` wrote.

    Raises:
        StoreCorruptError: where the bytes have another digest; names the ``task``.
    """
    actual = hashlib.sha256(data).hexdigest()
    if actual != digest:
        raise StoreCorruptError(
            f"The embedding of task '{task}' is damaged in the store",
            expected=f"SHA-256 {digest[:12]}…",
            got=f"{actual[:12]}…",
            remedy=f"Embed it again with `--update --name {task}`, or remove it.",
        )
    return np.frombuffer(data, dtype=_STORED).astype(np.float32, copy=False)
