"""Small pictures of a task's images by class: one sheet, a row for each class."""

from dataclasses import dataclass

import numpy as np

from task2vec.errors import InputError

MOST_A_CLASS = 4
LARGEST_SIDE = 64
"""Of a picture, in pixels."""
MOST_PICTURES = 400
LARGEST_SHEET = 3 * 2**20
"""Bytes; 400 pictures of noise take 2.6 million."""

_JPEG = b"\xff\xd8\xff"
_HEAD = np.dtype([("side", "<u4"), ("classes", "<u4")])


@dataclass(frozen=True)
class ClassPictures:
    """Square pictures of ``side`` pixels on a ``sheet`` (JPEG).

    ``counts`` (C,) says how many there are of each class, in the order of the class names: a class
    with any has a row of the sheet, with its pictures from the left. Raises `InputError` for what
    exceeds the limits above.
    """

    side: int
    counts: tuple[int, ...]
    sheet: bytes

    def __post_init__(self) -> None:
        fits = (
            0 < self.side <= LARGEST_SIDE
            and all(0 <= count <= MOST_A_CLASS for count in self.counts)
            and 0 < sum(self.counts) <= MOST_PICTURES
            and self.sheet.startswith(_JPEG)
            and len(self.sheet) <= LARGEST_SHEET
        )
        if not fits:
            raise InputError(
                "These are no pictures of classes",
                expected=f"a JPEG of at most {LARGEST_SHEET:,} bytes with up to {MOST_A_CLASS} "
                f"pictures a class, {MOST_PICTURES} in all, of up to {LARGEST_SIDE} pixels",
                got=f"{len(self.sheet):,} bytes, {sum(self.counts)} pictures of {self.side} pixels",
            )

    def to_bytes(self) -> bytes:
        """Return all of it; `from_bytes` is the inverse."""
        head = np.array((self.side, len(self.counts)), dtype=_HEAD)
        return head.tobytes() + bytes(self.counts) + self.sheet

    @classmethod
    def from_bytes(cls, data: bytes, *, classes: int) -> "ClassPictures":
        """Rebuild what `to_bytes` wrote for a task of so many classes.

        Raises `InputError` for anything else.
        """
        start = _HEAD.itemsize
        if len(data) >= start:
            side, count = map(int, np.frombuffer(data[:start], _HEAD)[0])
            if count == classes:
                return cls(side, tuple(data[start : start + count]), data[start + count :])
        raise InputError(
            "These are no pictures of classes",
            expected=f"how many there are of each of {classes} classes",
            got=f"{len(data):,} bytes",
        )
