"""Embeddings with fewer digits, for a small file: what is left out is below their noise."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from task2vec.embedding.bundle import BundledTask
from task2vec.types import TaskEmbedding
from task2vec.types.details import EmbeddingDetails
from task2vec.types.scatter import ClassScatter

F = TypeVar("F", np.float16, np.float32)

#: Bits of the mantissa that are kept, of 23 and of 10: an element's own error is some 10 %, so that
#: rounding by at most 2^-10 adds nothing to it; a replicate is further off still. Of 17 development
#: tasks, plain distances changed by at most 0.000005, what tasks ask of the features (see
#: `task2vec.distance.scatter`) by at most 0.0002 in overlap and 0.005 in agreement.
VALUE_BITS, ERROR_BITS, REPLICATE_BITS, SCATTER_BITS = 9, 4, 4, 6
#: As few as may be: groups of the images, of equal shares.
GROUPS = 2

_MANTISSA = {2: (np.uint16, 10), 4: (np.uint32, 23)}


def smaller(task: BundledTask) -> BundledTask:
    """Return a task whose numbers are rounded, with two replicates.

    Distances to it are then not corrected for noise, as those between embeddings of eight
    replicates are. Recommendations are made from plain distances, and hardly change.
    """
    embedding, details = task.embedding, task.details
    rounded = TaskEmbedding(
        values=round_mantissa(embedding.values, VALUE_BITS),
        errors=round_mantissa(embedding.errors, ERROR_BITS),
        replicates=round_mantissa(_merged(embedding.replicates), REPLICATE_BITS),
        provenance=embedding.provenance,
    )
    return BundledTask(
        name=task.name,
        embedding=rounded,
        tags=task.tags,
        licence=task.licence,
        hashes=task.hashes,
        details=details and _rounded(details),
    )


def round_mantissa(array: NDArray[F], bits: int) -> NDArray[F]:
    """Return finite numbers rounded to ``bits`` of mantissa, ties to even, of the same type.

    The zeros that are left behind pack well. Each is off by at most 2^-(bits + 1) of itself; one
    that would overflow stays as it is (Klöwer et al. 2021, "Compressing atmospheric data into its
    real information content").
    """
    kind, mantissa = _MANTISSA[array.dtype.itemsize]
    dropped = mantissa - bits
    whole = np.ascontiguousarray(array).view(kind)
    half = kind((1 << (dropped - 1)) - 1)
    odd = (whole >> kind(dropped)) & kind(1)
    rounded = (whole + half + odd) & kind(~((1 << dropped) - 1) & (2 ** (8 * whole.itemsize) - 1))
    found = rounded.view(array.dtype)
    return np.where(np.isfinite(found), found, array)


def _merged(replicates: NDArray[np.float16]) -> NDArray[np.float16]:
    """Return the ratios (2, n) of halves of the images from those of groups (K, n).

    The mean over images is that of the groups' means, since the groups have equal shares. An odd
    number of groups, which has no halves, is left as it is.
    """
    groups = len(replicates)
    if groups % GROUPS:
        return replicates
    halves = replicates.astype(np.float64).reshape(GROUPS, groups // GROUPS, -1).mean(axis=1)
    return np.asarray(halves, dtype=np.float16)


def _rounded(details: EmbeddingDetails) -> EmbeddingDetails:
    scatter = details.scatter
    if scatter is None:
        return details
    parts = (round_mantissa(part, SCATTER_BITS) for part in (scatter.between, scatter.within))
    return details.model_copy(update={"scatter": ClassScatter(*parts)})
