"""Several labels per image: by name in rows, by index in tasks, as a matrix in samples."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from task2vec.data.pixels.limits import MAX_LABELS
from task2vec.data.wording import plural, remarks
from task2vec.errors import SourceError

MISSING = -1
"""Stands in a label matrix where nobody said whether an image has the label."""


@dataclass(frozen=True, slots=True)
class NamedLabels:
    """What one row says of an image: the classes that it has, by name, sorted.

    ``stated`` (sorted) are the classes that the row says anything of: those of them that are not
    ``present`` are absent, and all others are missing. None: it tells of every class.
    """

    present: tuple[str, ...]
    stated: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that the row has, some of them twice."""
        return (*self.present, *(self.stated or ()))


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels of one image as indices into `Task.classes`, sorted.

    It has those that are ``present``, nobody knows of those that are ``missing``, and the others
    are absent.
    """

    present: tuple[int, ...]
    missing: tuple[int, ...] = ()


def label_sets(
    named: Mapping[str, NamedLabels],
) -> tuple[tuple[str, ...], dict[str, LabelSet], list[str]]:
    """Return the classes that tell images apart, each image's labels, and the other classes.

    A class that no image has, or that no image lacks, says nothing and is left out. So are images
    of which nothing is known about the classes that stay: the mapping lacks their keys.

    Raises `SourceError` for more images times classes than `MAX_LABELS`.
    """
    order = sorted({name for labels in named.values() for name in labels.names})
    check_size(len(named), len(order))
    matrix = _matrix_of_names(list(named.values()), order)
    useful = distinguishing(matrix)
    classes = tuple(name for name, keep in zip(order, useful, strict=True) if keep)
    sets = {
        key: LabelSet(_indices(row == 1), _indices(row == MISSING))
        for key, row in zip(named, matrix[:, useful], strict=True)
        if (row != MISSING).any()
    }
    return classes, sets, [name for name in order if name not in classes]


def check_size(images: int, classes: int) -> None:
    """Raise `SourceError` for more images times classes than `MAX_LABELS`."""
    if images * classes > MAX_LABELS:
        raise SourceError(
            "There are too many labels",
            expected=f"images times classes at most {MAX_LABELS:,}",
            got=f"{images:,} images and {classes:,} classes",
            remedy="Give a part of the images: an embedding uses some hundreds.",
        )


def label_matrix(labels: Sequence[LabelSet], classes: int) -> NDArray[np.int8]:
    """Return (N, C): 1 for present, 0 for absent, `MISSING`."""
    matrix = np.zeros((len(labels), classes), dtype=np.int8)
    for row, label_set in zip(matrix, labels, strict=True):
        row[list(label_set.present)] = 1
        row[list(label_set.missing)] = MISSING
    return matrix


def distinguishing(matrix: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return (C,): whether a class of the (N, C) matrix is present somewhere and absent too."""
    useful: NDArray[np.bool_] = (matrix == 1).any(axis=0) & (matrix == 0).any(axis=0)
    return useful


def cover_first(labels: Sequence[LabelSet], classes: int, *, least: int) -> tuple[list[int], int]:
    """Return an order of all images that has the images first that no sample can do without.

    First come, class by class and from the rarest on, the first ``least`` images that have it, as
    far as images before do not yet; then those that are needed for ``least`` that lack it; then all
    others as given. The second number says how many the first step takes: at most ``least`` a
    class.
    """
    matrix = label_matrix(labels, classes)
    taken = np.zeros(len(labels), dtype=np.bool_)
    order: list[int] = []
    parts = []
    for value in (1, 0):
        having = matrix == value
        for column in np.argsort(having.sum(axis=0), kind="stable"):
            lacking = max(0, least - int(taken[having[:, column]].sum()))
            new = np.flatnonzero(having[:, column] & ~taken)[:lacking]
            taken[new] = True
            order.extend(new.tolist())
        parts.append(len(order))
    return [*order, *np.flatnonzero(~taken).tolist()], parts[0]


@dataclass(frozen=True, eq=False)
class SampledLabels:
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
    ) -> "SampledLabels":
        """Choose from the labels of all images that were read.

        Raises `SourceError` where fewer than two classes are left.
        """
        matrix = label_matrix(labels, len(classes))
        useful = distinguishing(matrix)
        lost = [name for name, keep in zip(classes, useful, strict=True) if not keep]
        kept = tuple(name for name, keep in zip(classes, useful, strict=True) if keep)
        why = "left out, which no image that was read has or every one has"
        warnings = remarks(lost, "class", why)
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


def _matrix_of_names(labels: Collection[NamedLabels], order: Sequence[str]) -> NDArray[np.int8]:
    position = {name: i for i, name in enumerate(order)}
    matrix = np.full((len(labels), len(order)), MISSING, dtype=np.int8)
    for row, named in zip(matrix, labels, strict=True):
        row[slice(None) if named.stated is None else [position[name] for name in named.stated]] = 0
        row[[position[name] for name in named.present]] = 1
    return matrix


def _indices(flags: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(flags).tolist())
