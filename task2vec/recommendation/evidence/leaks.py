"""Whether tasks share images: then what is known of one was partly measured on the other.

Hashes are those of `task2vec.data.pixels.image_hash`. The limits are measured: see
docs/adr/0028-shared-images.md.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from task2vec.messages.recommendation_question import MOST_SHARED
from task2vec.types.image_hashes import ImageHashes

#: Bits of 255 that two hashes of one image may differ in, and of the 63 lowest frequencies.
MOST_BITS = 40
MOST_LOW_BITS = 12
#: Of 255, that the mean colours of a cell may differ by.
MOST_COLOUR = 32
#: By how much more often an image is right, by a linear probe of an expert that was trained on it
#: (``research/results/shared_training.json``): shared images flatter by their share of this.
SEEN_GAIN = 0.15
# Pairs looked at in one go: their words stay in a processor's cache.
_PAIRS = 1 << 18


@dataclass(frozen=True)
class Shared:
    """Of ``of`` images of the target, ``images`` are in the other task, ``exact`` pixel by pixel.

    The others of ``images`` are near duplicates.
    """

    images: int
    exact: int
    of: int

    @property
    def share(self) -> float:
        """The shared part of the target's images."""
        return self.images / self.of if self.of else 0.0

    def leaks(self, most: float = MOST_SHARED) -> bool:
        """Whether it is more than the share ``most``: too much for the other to be evidence."""
        return self.share > most


def count_shared(target: ImageHashes, others: Sequence[ImageHashes]) -> list[Shared]:
    """Return what the target (n,) shares with each of the ``others``, each (m,) of any length.

    Two images are the same where their digests are; they are near duplicates where their words
    differ in at most `MOST_BITS` bits, the first word in at most `MOST_LOW_BITS`, and no cell's
    mean colour by more than `MOST_COLOUR`. Images without a bit set are near none.
    """
    if not others:
        return []
    everything = np.concatenate(others)
    owner = np.repeat(np.arange(len(others)), [len(other) for other in others])
    exact = _exact(target, everything, owner, tasks=len(others))
    either = exact | _near(target, everything, owner, tasks=len(others))
    return [
        Shared(int(images), int(same), len(target))
        for images, same in zip(either.sum(axis=0), exact.sum(axis=0), strict=True)
    ]


def _exact(
    target: ImageHashes, everything: ImageHashes, owner: NDArray[np.intp], *, tasks: int
) -> NDArray[np.bool_]:
    """Return (n, tasks) whether each task has each image of the target."""
    digests, place = np.unique(target["digest"], return_inverse=True)
    shared = np.isin(everything["digest"], digests)
    has = np.zeros((len(digests), tasks), dtype=np.bool_)
    has[np.searchsorted(digests, everything["digest"][shared]), owner[shared]] = True
    return np.asarray(has[place])


def distinct_images(hashes: ImageHashes, labels: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the positions (m,) of images that are no exact copy of an earlier one of their label.

    ``hashes`` and ``labels`` are (n,).
    """
    _, digest = np.unique(hashes["digest"], return_inverse=True)
    kinds = digest * (labels.max(initial=0) + 1) + labels
    return np.sort(np.unique(kinds, return_index=True)[1])


def near_copies(hashes: ImageHashes, labels: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return the numbers (n,) of the groups of images of one label that are near duplicates.

    ``hashes`` and ``labels`` are (n,). Near duplicates are those of `count_shared`, and near
    duplicates of these. Images without one are a group each. So are all images of a group that is
    more than half of its label: those of a fixed camera are alike, and no copies.
    """
    # scipy takes a while to import, and a search does without.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(hashes)
    ends = [np.zeros((2, 0), dtype=np.intp)]
    for i, j in _near_pairs(hashes, hashes):
        alike = labels[i] == labels[j]
        ends.append(np.stack([i[alike], j[alike]]))
    i, j = np.concatenate(ends, axis=1)
    linked = coo_array((np.ones(len(i), dtype=np.bool_), (i, j)), shape=(count, count))
    _, group = connected_components(linked, directed=False)
    too_many = 2 * np.bincount(group)[group] > np.bincount(labels)[labels]
    return np.where(too_many, count + np.arange(count), group)


def _near(
    target: ImageHashes, everything: ImageHashes, owner: NDArray[np.intp], *, tasks: int
) -> NDArray[np.bool_]:
    """Return (n, tasks) whether each task has a near duplicate of each image of the target."""
    has = np.zeros((len(target), tasks), dtype=np.bool_)
    for i, j in _near_pairs(target, everything):
        has[i, owner[j]] = True
    return has


def _near_pairs(
    target: ImageHashes, everything: ImageHashes
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield the positions of near duplicates in both, in blocks."""
    mine, theirs = (np.flatnonzero(h["words"].any(axis=1)) for h in (target, everything))
    if not len(mine) or not len(theirs):
        return
    words, colours = target["words"][mine], target["colours"][mine].astype(np.int16)
    step = max(1, _PAIRS // len(mine))
    for start in range(0, len(theirs), step):
        block = theirs[start : start + step]
        other = everything[block]
        # One word in four decides on all but a thousandth of the pairs.
        low = np.bitwise_count(words[:, :1] ^ other["words"][:, 0]) <= MOST_LOW_BITS
        # Much faster than the pairs of positions that `np.nonzero` gives at once.
        i, j = np.divmod(np.flatnonzero(low), len(block))
        bits = np.bitwise_count(words[i] ^ other["words"][j]).sum(axis=1)
        i, j = i[bits <= MOST_BITS], j[bits <= MOST_BITS]
        apart = np.abs(colours[i] - other["colours"][j]).max(axis=1, initial=0)
        same = apart <= MOST_COLOUR
        yield mine[i[same]], block[j[same]]
