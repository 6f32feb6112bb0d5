"""The images of a target that train and that test."""

import zlib

import numpy as np

from research.transfer.targets import Draw, Target

#: Enough for a standard error of 4 points; gains are paired, and theirs is smaller.
MOST_TESTS = 120
#: More would cost minutes a cell.
MOST_TRAINING = 480


def drawn(
    target: Target, shots: int | None, draw: int, *, most_tests: int | None = MOST_TESTS
) -> Draw | None:
    """Draw ``shots`` images of each class, or all, from two thirds of the objects.

    None where a class has fewer, or all would be too many. The draws of one number share the split
    into objects that train and that test, so that more images are more of the same. Images of the
    other objects test, at most ``most_tests``, or all of them.
    """
    rng = np.random.default_rng([zlib.crc32(target.name.encode()), draw])
    pool = rng.permutation(target.share(rng, 2 / 3))
    test = rng.permutation(np.flatnonzero(~np.isin(target.objects, target.objects[pool])))
    by_class = [pool[target.labels[pool] == label] for label in range(target.classes)]
    if shots is None:
        train = pool
    elif min(map(len, by_class)) < shots:
        return None
    else:
        train = np.concatenate([members[:shots] for members in by_class])
    if len(train) > MOST_TRAINING:
        return None
    return Draw(np.sort(train), np.sort(test[:most_tests]))
