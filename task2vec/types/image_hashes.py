"""What is kept of the images that a task was embedded from, to know them again elsewhere."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import InputError

#: How the hashes are made: those of different schemes are never compared.
SCHEME = "dct 1"

IMAGE_HASH = np.dtype([("digest", "<u8"), ("words", "<u8", (4,)), ("colours", "u1", (48,))])
"""The hash of one image, 88 bytes.

``digest`` is the head of the SHA-256 of its size and pixels. ``words`` are 256 bits, one for each
of the 16 x 16 lowest frequencies of its luminance, the 8 x 8 lowest of them in the first word; all
zero where the image is nearly of one brightness. ``colours`` are the mean red, green and blue of
each cell of a 4 x 4 grid, row by row.
"""

ImageHashes: TypeAlias = NDArray[np.void]
"""The hashes (n,) of a task's images, of the type `IMAGE_HASH`."""


def hashes_to_bytes(hashes: ImageHashes) -> bytes:
    """Return the bytes of the hashes, one after the other."""
    return np.ascontiguousarray(hashes, dtype=IMAGE_HASH).tobytes()


def hashes_from_bytes(data: bytes) -> ImageHashes:
    """Return the hashes that `hashes_to_bytes` wrote; raises `InputError` for a part of one."""
    if len(data) % IMAGE_HASH.itemsize:
        raise InputError(
            "These are no image hashes",
            expected=f"a multiple of {IMAGE_HASH.itemsize} bytes",
            got=str(len(data)),
        )
    return np.frombuffer(data, dtype=IMAGE_HASH)
