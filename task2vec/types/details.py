"""What is kept of an embedding beside its numbers: layers, classes, and what the task asks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from task2vec.errors import InputError
from task2vec.types.names import visible
from task2vec.types.scatter import ClassScatter

# The longest names and the most layers that any network has.
_LONGEST_NAME, _MOST_LAYERS = 300, 20_000


@dataclass(frozen=True)
class LayerElements:
    """A layer of the probe and the number of its units: of that many ``elements`` in a row."""

    name: str
    elements: int


@dataclass(frozen=True)
class ClassRecognition:
    """How many of the ``images`` of a class were recognised when they were left out.

    ``taken_for`` are the classes, by number, that the others were taken for, and how many of them.
    """

    images: int
    correct: int
    taken_for: Mapping[int, int]


@dataclass(frozen=True)
class HeadInformation:
    """What the noise of a head's weights is worth in ``nats``; it was fitted to ``images`` images.

    See `task2vec.probe.head_information`: the figures of two tasks compare at equal numbers.
    """

    nats: float
    images: int


@dataclass(frozen=True)
class EmbeddingDetails:
    """The ``layers`` that an embedding's elements belong to, in order, and its ``classes``.

    The classes are in the order of the embedding's class names; one with a single image, which
    cannot be left out, has none. They are None where nothing is known: an image may have several
    labels, or fewer than two classes have two images. ``scatter`` is what the task asks of the
    probe's features, None where that is not known; it is no part of the JSON. ``head``
    tells how hard the task is, None where that is not known, as in what earlier versions wrote.
    """

    layers: tuple[LayerElements, ...]
    classes: tuple[ClassRecognition, ...] | None
    scatter: ClassScatter | None = None
    head: HeadInformation | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` is its inverse."""
        head = {} if self.head is None else {"head": [self.head.nats, self.head.images]}
        return {
            **head,
            "layers": [[layer.name, layer.elements] for layer in self.layers],
            "classes": None
            if self.classes is None
            else [
                [each.images, each.correct, [[int(i), n] for i, n in each.taken_for.items()]]
                for each in self.classes
            ],
        }

    @classmethod
    def from_json(cls, data: Any, *, elements: int, classes: int) -> "EmbeddingDetails":
        """Rebuild the details of an embedding, of known elements and classes, from `to_json`'s.

        Raises `InputError` for what that cannot have returned.
        """
        try:
            layers = tuple(LayerElements(str(name), _count(n)) for name, n in data["layers"])
            found = data["classes"]
            told = None if found is None else _recognitions(found, classes)
            head = head_from_json(data)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise _unusable(f"{type(error).__name__}: {error}") from error
        if sum(layer.elements for layer in layers) != elements or len(layers) > _MOST_LAYERS:
            raise _unusable(f"layers of {sum(layer.elements for layer in layers)} elements")
        if not all(layer.elements for layer in layers):
            raise _unusable("a layer without elements")
        if any(
            not n or visible(n) != n or len(n) > _LONGEST_NAME for n in (x.name for x in layers)
        ):
            raise _unusable("a layer's name that cannot be shown")
        return cls(layers, told, head=head)


def head_from_json(data: Mapping[str, Any]) -> HeadInformation | None:
    """Return what `EmbeddingDetails.to_json` tells of the head; None where it tells nothing.

    Raises `ValueError` or `TypeError` for what that cannot have returned.
    """
    if (found := data.get("head")) is None:
        return None
    nats, images = found
    if isinstance(nats, bool) or not isinstance(nats, int | float) or not 0 <= nats < math.inf:
        raise ValueError(f"{nats!r} are no nats")
    if _count(images) < 1:
        raise ValueError("a head of no image")
    return HeadInformation(float(nats), images)


def _recognitions(rows: Any, classes: int) -> tuple[ClassRecognition, ...]:
    """Return the recognition of each class; at least two have images, since one has no rival."""
    found = tuple(_recognition(row, classes) for row in rows)
    if len(found) != classes:
        raise ValueError(f"{len(found)} classes")
    if any(number in each.taken_for for number, each in enumerate(found)):
        raise ValueError("a class that is taken for itself")
    if sum(each.images > 0 for each in found) < 2:
        raise ValueError("fewer than two classes with images")
    return found


def _recognition(row: Any, classes: int) -> ClassRecognition:
    images, correct, taken = row
    found = ClassRecognition(
        _count(images), _count(correct), {_count(i): _count(n) for i, n in taken}
    )
    if found.correct + sum(found.taken_for.values()) != found.images:
        raise ValueError("images that are neither recognised nor taken for another class")
    if any(other >= classes for other in found.taken_for):
        raise ValueError("a class that there is not")
    return found


def _count(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**31:
        raise ValueError(f"{number!r} is no count")
    return number


def _unusable(got: str) -> InputError:
    return InputError(
        "The details of an embedding do not fit it",
        expected="layers with all of its elements, and counts of images for each of its classes",
        got=got,
    )
