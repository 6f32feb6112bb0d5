"""Images that are in memory already."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from task2vec.data.build import build_from_places, build_task
from task2vec.data.multilabel import NamedLabels, check_size
from task2vec.data.pixels.reader import NUMBERED, NumberedReader
from task2vec.data.task import ImageEntry, Task
from task2vec.data.wording import remarks
from task2vec.errors import SourceError

Picture = NDArray[np.uint8] | Image.Image

SHAPES = "8-bit images of shape (H, W) or (H, W, C) with C = 1, 2, 3 or 4"


def task_from_arrays(
    images: NDArray[np.uint8] | Sequence[Picture],
    labels: Sequence[int] | Sequence[str] | NDArray[np.generic],
    *,
    name: str,
    classes: Sequence[str] | None = None,
    source: str | None = None,
) -> Task:
    """Make a task of n images, (n, H, W) or (n, H, W, C) uint8, or n single ones of any size.

    C is 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA). ``labels`` (n,) are class names, or whole
    numbers: indices into ``classes`` where those are given, else names in the order of the
    numbers. Where an image may have several labels, they are an array (n, C) of 1, 0, and nan or
    -1 where nobody knows, with the names of C ``classes`` (else their numbers). The arrays are not
    copied: leave them alone while the task is in use. Raises `SourceError` for other shapes and
    types, or fewer than two classes.
    """
    source = source or f"arrays {name}"
    for given, what in ((images, "images"), (labels, "labels")):
        if not isinstance(given, Sequence) and np.ndim(given) == 0:
            raise SourceError(
                f"The {what} are no sequence",
                expected="a numpy array or a list",
                got=type(given).__name__,
            )
    if len(images) != len(labels):
        raise SourceError(
            "Images and labels differ in number",
            expected=f"{len(images)} labels",
            got=f"{len(labels)}",
        )
    if not len(images):
        raise SourceError(f"{source} hold no images", expected=SHAPES, got="0 images")
    for position, image in enumerate(images if isinstance(images, Sequence) else [images[0]]):
        _check(image, position=position)
    reader = NumberedReader(lambda number: _to_pillow(images[number]))
    if isinstance(labels, np.ndarray) and labels.ndim == 2:
        named = _named(labels, classes=classes)
        return build_from_places(
            {f"{NUMBERED}{i}": (labels, None) for i, labels in enumerate(named)},
            name=name,
            source=source,
            stamps=map(_stamp, images),
            warnings=[],
            reader=reader,
        )
    indices, names = _index(labels, classes=classes)
    used = sorted(set(indices))
    relabel = {label: i for i, label in enumerate(used)}
    unused = [label for i, label in enumerate(names) if i not in relabel]
    return build_task(
        tuple(ImageEntry(f"{NUMBERED}{i}", relabel[label]) for i, label in enumerate(indices)),
        classes=tuple(names[label] for label in used),
        name=name,
        source=source,
        stamps=map(_stamp, images),
        warnings=remarks(unused, "class", "without images"),
        reader=reader,
    )


def _named(labels: NDArray[np.generic], *, classes: Sequence[str] | None) -> list[NamedLabels]:
    """Return the labels of each row of an (n, C) array by name."""
    check_size(*labels.shape)
    names = [str(i) for i in range(labels.shape[1])] if classes is None else list(classes)
    if len(names) != labels.shape[1] or len(set(names)) < len(names):
        raise SourceError(
            "The classes do not fit the labels",
            expected=f"{labels.shape[1]} different names, one for each column",
            got=f"{names!r:.80}",
        )
    if (
        labels.dtype.kind not in "biuf"
        or not (np.isin(labels, (0, 1, -1)) | np.isnan(labels.astype(np.float64))).all()
    ):
        raise SourceError(
            "The labels are of the wrong type",
            expected="an array (n, C) of 1, 0, and nan or -1 where nobody knows",
            got=f"{labels.dtype} {labels.shape}",
        )
    present, stated = labels == 1, (labels == 1) | (labels == 0)
    every = tuple(sorted(names))
    return [
        NamedLabels(
            tuple(sorted(names[c] for c in np.flatnonzero(has))),
            every if row.all() else tuple(sorted(names[c] for c in np.flatnonzero(row))),
        )
        for has, row in zip(present, stated, strict=True)
    ]


def _index(
    labels: Sequence[int] | Sequence[str] | NDArray[np.generic], *, classes: Sequence[str] | None
) -> tuple[list[int], list[str]]:
    """Return the index of each label, and the names of the classes."""
    values = [label.item() if isinstance(label, np.generic) else label for label in labels]
    kinds = {type(value) for value in values}
    if kinds not in ({int}, {str}):
        raise SourceError(
            "The labels are of the wrong type",
            expected="whole numbers, or names",
            got=", ".join(sorted(kind.__name__ for kind in kinds)),
        )
    if classes is None:
        different = sorted(set(values))
        position = {value: i for i, value in enumerate(different)}
        return [position[value] for value in values], [str(value) for value in different]
    names = list(classes)
    allowed: dict[int | str, int] = {name: i for i, name in enumerate(names)}
    if len(allowed) < len(names):
        raise SourceError("Two classes have one name", expected="different names", got=str(names))
    if kinds == {int}:
        allowed = {i: i for i in range(len(names))}
    if strange := sorted(set(values) - set(allowed)):
        raise SourceError(
            "Some labels are no classes",
            expected=f"one of {len(names)} classes",
            got=", ".join(map(repr, strange[:3])),
        )
    return [allowed[value] for value in values], names


def _check(image: object, *, position: int) -> None:
    if isinstance(image, Image.Image):
        try:
            image.load()
        # A file that was opened by the caller is read only now, and may be damaged in any way.
        except Exception as error:
            raise SourceError(
                f"{NUMBERED.capitalize()}{position} cannot be read", got=str(error)
            ) from error
        return
    shape = image.shape if isinstance(image, np.ndarray) else None
    fits = shape is not None and (len(shape) == 2 or (len(shape) == 3 and 1 <= shape[2] <= 4))
    if not isinstance(image, np.ndarray) or not fits or image.dtype != np.uint8 or not image.size:
        kind = f"{image.dtype} {shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise SourceError(
            f"{NUMBERED.capitalize()}{position} is no 8-bit image",
            expected=SHAPES,
            got=kind,
            remedy="Scale the values to 0..255 and convert with .astype(numpy.uint8).",
        )


def _to_pillow(image: Picture) -> Image.Image:
    if isinstance(image, Image.Image):
        return image
    return Image.fromarray(image[..., 0] if image.shape[2:] == (1,) else image)


def _stamp(image: Picture) -> bytes:
    if isinstance(image, Image.Image):
        return sha256(repr((image.size, image.mode)).encode() + image.tobytes()).digest()
    return sha256(repr(image.shape).encode() + image.tobytes()).digest()
