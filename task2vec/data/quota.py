"""How many images each class gives to a sample."""

from bisect import bisect_right
from collections.abc import Sequence

LEAST = 2
"""Images that each class gives where it has them: with one, a class has no spread."""


def spread(total: int, sizes: Sequence[int]) -> list[int]:
    """Spread ``total`` images over classes of the given sizes as evenly as possible.

    Water-filling: each class gives ``min(size, level)``, the level as high as ``total`` allows, and
    what then is left goes one by one to the first classes that have more. Every class gives at
    least ``min(size, LEAST)``, also where that exceeds ``total``.
    """
    if not sizes:
        return []

    def filled(level: int) -> int:
        return sum(min(size, level) for size in sizes)

    levels = range(LEAST, max(LEAST, *sizes) + 1)
    level = levels[max(bisect_right(levels, total, key=filled) - 1, 0)]
    left = total - filled(level)
    quotas = []
    for size in sizes:
        extra = left > 0 and size > level
        quotas.append(min(size, level) + extra)
        left -= extra
    return quotas
