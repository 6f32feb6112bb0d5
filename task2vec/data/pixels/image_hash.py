"""A perceptual hash: a few numbers of an image that survive a new encoding or another size.

The signs of the low frequencies of a discrete cosine transform, as Zauner, "Implementation and
Benchmarking of Perceptual Image Hash Functions" (2010), with three changes that images which are
flat, symmetric or coloured in bands need: see docs/adr/0028-shared-images.md.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from task2vec.types.image_hashes import IMAGE_HASH, ImageHashes

_SIDE = 32
_FREQUENCIES = 16
_LOW = 8
_CELLS = 4
#: Of the root mean square of the coefficients: what is nearer to zero has no sign of its own.
_DEAD = 0.02
#: Grey levels of standard deviation below which an image has no structure to be known by.
_FLAT = 2.0
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def _cosines() -> NDArray[np.float32]:
    """Return the first rows (frequencies, side) of the orthonormal DCT-II."""
    angles = np.pi / _SIDE * np.outer(np.arange(_FREQUENCIES), np.arange(_SIDE) + 0.5)
    rows = np.sqrt(2 / _SIDE) * np.cos(angles)
    rows[0] /= np.sqrt(2)
    return np.asarray(rows, dtype=np.float32)


def _order() -> NDArray[np.intp]:
    """Return the positions of the coefficients by rising frequency, the low square first."""
    rows, columns = np.indices((_FREQUENCIES, _FREQUENCIES)).reshape(2, -1)
    high = np.maximum(rows, columns) >= _LOW
    return np.lexsort((rows, columns, high))


_COSINES, _ORDER = _cosines(), _order()


def image_hash(image: Image.Image, *, digest: str) -> ImageHashes:
    """Return the hash (1,) of an RGB image whose pixels have the SHA-256 ``digest`` (hexadecimal).

    A bit is set where the coefficient of its frequency is above 0.02 of their root mean square; the
    constant one has none. An image whose brightness varies by less than 2 of 255 has no bit set.
    """
    # Halved in steps as long as it is thrice as large: a photograph's pixels are read once.
    small = image.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, reducing_gap=3.0)
    pixels = np.asarray(small, dtype=np.float32)
    grey = pixels @ _LUMA
    hashed = np.zeros(1, dtype=IMAGE_HASH)
    hashed["digest"] = int(digest[:16], 16)
    if grey.std() >= _FLAT:
        coefficients = (_COSINES @ grey @ _COSINES.T).reshape(-1)
        coefficients[0] = 0
        scale = np.sqrt(np.square(coefficients).sum() / (coefficients.size - 1))
        bits = (coefficients > _DEAD * scale)[_ORDER]
        hashed["words"] = np.packbits(bits, bitorder="little").view("<u8")
    side = _SIDE // _CELLS
    cells = pixels.reshape(_CELLS, side, _CELLS, side, 3).mean(axis=(1, 3))
    hashed["colours"] = np.rint(cells).astype(np.uint8).reshape(-1)
    return hashed
