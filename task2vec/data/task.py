"""A labelled image set that has been listed but not read."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from task2vec.data.multilabel import LabelSet
from task2vec.data.pixels.reader import Reader
from task2vec.errors import SettingError
from task2vec.types import Likelihood

SPLITS = ("train", "val", "test")

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""The words for splits, in lower case."""


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One labelled image, not yet read.

    ``key`` is its path inside the source (``image 17`` of an array): unique, with forward slashes,
    its Unicode form as the source has it. ``label`` is the index into `Task.classes`, or a set of
    them where an image may have several labels; ``split`` is one of `SPLITS` or None.
    """

    key: str
    label: int | LabelSet
    split: str | None = None


@dataclass(frozen=True)
class Task:
    """A labelled image set: its classes, its images in a fixed order, and how to read them.

    ``classes`` are those that have an entry, or, where an image may have several labels, those that
    some entry has and another lacks. ``source`` is what was opened, for display.
    ``signature`` is a SHA-256 over what is known without reading images (keys, labels, splits,
    sizes, times; contents for arrays): another signature means that the source changed.
    ``warnings`` say what was left out and why.
    """

    name: str
    classes: tuple[str, ...]
    entries: tuple[ImageEntry, ...]
    source: str
    signature: str
    warnings: tuple[str, ...]
    reader: Reader

    @property
    def likelihood(self) -> Likelihood:
        """Whether an image has one label, or any number of them: all entries are of one kind."""
        several = any(isinstance(entry.label, LabelSet) for entry in self.entries[:1])
        return Likelihood.BERNOULLI if several else Likelihood.CATEGORICAL

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have entries, in the order of `SPLITS`."""
        present = {entry.split for entry in self.entries}
        return tuple(split for split in SPLITS if split in present)

    def only(self, split: str) -> "Task":
        """Return the task with the entries of one split; classes and labels stay the same.

        Raises `SettingError` if no entry is of this split.
        """
        if split not in self.splits:
            raise SettingError(
                f"Task {self.name!r} has no split of this name",
                expected=f"one of {', '.join(self.splits)}"
                if self.splits
                else "a task with splits",
                got=repr(split),
            )
        return replace(self, entries=tuple(e for e in self.entries if e.split == split))

    def without(self, split: str) -> "Task | None":
        """Return the task without the entries of one split; None where there are no others."""
        left = tuple(entry for entry in self.entries if entry.split != split)
        return replace(self, entries=left) if left else None


def sign(
    classes: Iterable[str], *, entries: Iterable[ImageEntry], stamps: Iterable[str | bytes]
) -> str:
    """Return the signature of a task from its entries and one stamp (size, time) for each."""
    digest = sha256(repr(tuple(classes)).encode())
    for entry, stamp in zip(entries, stamps, strict=True):
        digest.update(repr((entry.key, entry.label, entry.split, stamp)).encode())
    return digest.hexdigest()
