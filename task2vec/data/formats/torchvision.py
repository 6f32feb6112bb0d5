"""Data sets as torchvision has them: indexed pairs of an image and a number."""

import copy
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
from PIL import Image

from task2vec.data.build import build_from_places
from task2vec.data.formats.source_format import SourceFormat
from task2vec.data.pixels.files import stamp
from task2vec.data.pixels.reader import NUMBERED, NumberedReader, Raw, UnreadableImageError
from task2vec.data.task import Task
from task2vec.data.wording import shown
from task2vec.errors import SourceError

_LABELS = ("targets", "labels", "_labels", "_targets")
_SAMPLES = ("samples", "imgs", "_samples")
_TRANSFORMS = ("transform", "transforms", "target_transform")


def _is_indexed(source: object) -> bool:
    """Return whether an object looks like a data set of torchvision's, or a subset of one."""
    if not (hasattr(source, "__len__") and hasattr(source, "__getitem__")):
        return False
    if isinstance(source, Mapping | Sequence | np.ndarray):
        return False
    if _is_subset(source):
        return _is_indexed(getattr(source, "dataset"))  # noqa: B009
    return any(hasattr(source, name) for name in ("classes", "class_to_idx", *_LABELS))


def _is_subset(source: Any) -> bool:
    return hasattr(source, "dataset") and hasattr(source, "indices")


class Torchvision(SourceFormat):
    """An indexed data set, or a subset of one."""

    def open_object(self, given: object, *, name: str | None) -> Task | None:
        """List the images as `_task` does; None for other objects."""
        return _task(given, name=name) if _is_indexed(given) else None


def _task(given: Any, *, name: str | None) -> Task:
    """Make a task of a data set that gives (image, number) and knows its ``classes``.

    ``Subset`` is looked through. Images are Pillow's or uint8 arrays and taken before the data
    set's transforms. Labels are taken from its ``targets``, ``labels`` or ``samples``, and only
    where there are none from its items one by one. Raises `SourceError` for labels that are no
    whole numbers, and fewer than two classes.
    """
    chosen = list(range(len(given)))
    dataset: Any = given
    while _is_subset(dataset):
        chosen = [int(dataset.indices[number]) for number in chosen]
        dataset = dataset.dataset
    dataset = copy.copy(dataset)
    for transform in _TRANSFORMS:
        if getattr(dataset, transform, None) is not None:
            setattr(dataset, transform, None)
    name = name or type(dataset).__name__.lower()
    source = f"data set {type(dataset).__name__}"
    names = _names(dataset)
    labels = _labels(dataset, chosen, source=source)
    return build_from_places(
        {
            f"{NUMBERED}{number}": (_called(label, names, source=source), None)
            for number, label in zip(chosen, labels, strict=True)
        },
        name=name,
        source=source,
        stamps=list(_stamps(dataset, dict.fromkeys(chosen))),
        warnings=(),
        reader=NumberedReader(lambda number: _image(dataset, number)),
    )


def _image(dataset: Any, number: int) -> Raw:
    try:
        image = dataset[number][0]
    # Somebody's code reads somebody's file.
    except Exception as error:
        return UnreadableImageError(f"{type(error).__name__}: {shown(str(error))}")
    if isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim in (2, 3):
        return Image.fromarray(image)
    if isinstance(image, Image.Image):
        return image
    return UnreadableImageError(f"a {type(image).__name__}, not an image")


def _names(dataset: Any) -> Mapping[int, str] | None:
    numbers = getattr(dataset, "class_to_idx", None)
    if isinstance(numbers, Mapping):
        return {int(number): str(name) for name, number in numbers.items()}
    classes = getattr(dataset, "classes", None)
    return dict(enumerate(map(str, classes))) if isinstance(classes, list | tuple) else None


def _labels(dataset: Any, chosen: Sequence[int], *, source: str) -> list[int]:
    labels, samples = _first(dataset, _LABELS), _first(dataset, _SAMPLES)
    values: list[Any]
    if labels is not None:
        values = [labels[number] for number in chosen]
    elif samples is not None:
        values = [samples[number][1] for number in chosen]
    else:
        values = [dataset[number][1] for number in chosen]
    try:
        # Labels may be numpy's or torch's numbers; floats and lists are refused.
        return [value.__index__() for value in values]
    except (AttributeError, TypeError) as error:
        raise SourceError(
            f"The labels of {source} are no whole numbers",
            expected="one class for each image",
            got=", ".join(sorted({type(value).__name__ for value in values})),
        ) from error


def _first(dataset: Any, names: Sequence[str]) -> Any:
    """Return the first attribute that has something for each image."""
    attributes = (getattr(dataset, name, None) for name in names)
    return next((values for values in attributes if _fits(values, dataset)), None)


def _fits(values: Any, dataset: Any) -> bool:
    indexed = hasattr(values, "__getitem__") and hasattr(values, "__len__")
    return indexed and len(values) == len(dataset)


def _called(label: int, names: Mapping[int, str] | None, *, source: str) -> str:
    if names is None:
        return str(label)
    if label not in names:
        raise SourceError(
            f"A label of {source} is no class", expected=f"one of {len(names)}", got=str(label)
        )
    return names[label]


def _stamps(dataset: Any, chosen: Collection[int]) -> Iterator[str]:
    """Yield what tells a changed image: the time of its file, or its pixels."""
    samples = _first(dataset, _SAMPLES)
    pixels: Any = getattr(dataset, "data", None)
    for number in chosen:
        if samples is not None and isinstance(samples[number][0], str | os.PathLike):
            try:
                yield stamp(os.stat(samples[number][0]))  # noqa: PTH116
            except OSError:
                yield "missing"
        elif _fits(pixels, dataset):
            yield sha256(np.asarray(pixels[number]).tobytes()).hexdigest()
        else:
            yield ""
