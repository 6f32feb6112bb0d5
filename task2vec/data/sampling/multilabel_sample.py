"""The labels of a sample whose images may have several: classes that serve, checked and hashed."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from task2vec.data.multilabel import MISSING, LabelSet, distinguishing, label_matrix
from task2vec.data.wording import examples, plural
from task2vec.errors import SourceError


@dataclass(frozen=True, eq=False)
class SeveralLabels:
    """``labels`` (N, C) of the images at ``rows`` of those that were read, with warnings.

    ``classes`` are those that one of the images has and another lacks: others cannot be learnt.
    Images of which nothing is known but other classes are left out.
    """

    classes: tuple[str, ...]
    rows: tuple[int, ...]
    labels: NDArray[np.int64]
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls, labels: Sequence[LabelSet], classes: Sequence[str], *, source: str
    ) -> "SeveralLabels":
        """Choose from the labels of all images that were read.

        Raises `SourceError` where fewer than two classes are left.
        """
        matrix = label_matrix(labels, len(classes))
        useful = distinguishing(matrix)
        lost = [name for name, keep in zip(classes, useful, strict=True) if not keep]
        kept = tuple(name for name, keep in zip(classes, useful, strict=True) if keep)
        warnings = []
        if lost:
            warnings.append(
                f"{plural(len(lost), 'class')} left out, which no image that was read has or every "
                f"one has: {examples(lost)}"
            )
        if len(kept) < 2:
            raise SourceError(
                f"The images read of {source} do not tell classes apart",
                expected="at least two classes, each of which one image has and another lacks",
                got="; ".join([*map(repr, kept), *warnings]),
                remedy="Use more images, or list images that have a class and images without it.",
            )
        known = (matrix[:, useful] != MISSING).any(axis=1)
        if not known.all():
            what = plural(int((~known).sum()), "image")
            warnings.append(f"{what} left out, nothing being known of the classes that are used")
        rows = np.flatnonzero(known)
        labels_used = matrix[known][:, useful].astype(np.int64)
        return cls(kept, tuple(rows.tolist()), labels_used, tuple(warnings))

    def content_hash(self, digests: Sequence[str]) -> str:
        """Return the SHA-256 over the sorted lines of a digest and what is known of each class.

        It depends on neither the names of files nor the order of images or classes.
        """
        order = sorted(range(len(self.classes)), key=self.classes.__getitem__)
        lines = sorted(
            "\0".join([digest, *(f"{self.classes[c]}={row[c]}" for c in order)]) + "\n"
            for digest, row in zip(digests, self.labels, strict=True)
        )
        return sha256("".join(["several labels per image\n", *lines]).encode()).hexdigest()
