"""What is kept of an embedding beside its numbers: layers, classes, and what the task asks."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SkipValidation,
    TypeAdapter,
    ValidationError,
)

from task2vec.errors import InputError
from task2vec.types.names import visible
from task2vec.types.scatter import ClassScatter

# The longest names and the most layers that any network has.
_LONGEST_NAME, _MOST_LAYERS = 300, 20_000

_Count = Annotated[int, Field(strict=True, ge=0, lt=2**31)]


class LayerElements(NamedTuple):
    """A layer of the probe and the number of its units: of that many ``elements`` in a row."""

    name: str
    elements: _Count


def _of_pairs(given: Any) -> Any:
    if isinstance(given, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in given):
        return dict(given)
    if isinstance(given, Mapping):
        return given
    raise ValueError("pairs of a class and a count were expected")


class ClassRecognition(NamedTuple):
    """How many of the ``images`` of a class were recognised when they were left out.

    ``taken_for`` are the classes, by number, that the others were taken for, and how many of them.
    """

    images: _Count
    correct: _Count
    taken_for: Annotated[
        dict[_Count, _Count],
        BeforeValidator(_of_pairs),
        PlainSerializer(lambda pairs: [[int(number), count] for number, count in pairs.items()]),
    ]


class HeadInformation(NamedTuple):
    """What the noise of a head's weights is worth in ``nats``; it was fitted to ``images`` images.

    See `task2vec.probe.head_information`: the figures of two tasks compare at equal numbers.
    """

    nats: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
    images: Annotated[_Count, Field(ge=1)]


class EmbeddingDetails(BaseModel):
    """The ``layers`` that an embedding's elements belong to, in order, and its ``classes``.

    The classes are in the order of the embedding's class names; one with a single image, which
    cannot be left out, has none. They are None where nothing is known: an image may have several
    labels, or fewer than two classes have two images. ``scatter`` is what the task asks of the
    probe's features, None where that is not known; it is no part of the JSON. ``head`` tells how
    hard the task is, None where that is not known, as in what earlier versions wrote.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, defer_build=True)

    layers: tuple[LayerElements, ...]
    classes: tuple[ClassRecognition, ...] | None
    head: HeadInformation | None = None
    scatter: SkipValidation[ClassScatter | None] = Field(None, exclude=True)

    @classmethod
    def fitting(cls, data: Any, *, elements: int, classes: int) -> "EmbeddingDetails":
        """Return the details of an embedding, of known elements and classes, from their JSON.

        Raises `InputError` for what no embedding has.
        """
        try:
            details = cls.model_validate(data)
        except ValidationError as error:
            raise _unusable(_first(error)) from error
        names, sizes = [x.name for x in details.layers], [x.elements for x in details.layers]
        if sum(sizes) != elements or len(sizes) > _MOST_LAYERS:
            raise _unusable(f"layers of {sum(sizes)} elements")
        if 0 in sizes:
            raise _unusable("a layer without elements")
        if any(not name or visible(name) != name or len(name) > _LONGEST_NAME for name in names):
            raise _unusable("a layer's name that cannot be shown")
        if details.classes is not None:
            _check_classes(details.classes, classes)
        return details


_HEAD: TypeAdapter[HeadInformation | None] = TypeAdapter(HeadInformation | None)


def head_of(data: Any) -> HeadInformation | None:
    """Return the head of details in JSON; None where it tells nothing.

    Raises `ValueError` for what no embedding has.
    """
    if not isinstance(data, dict):
        raise ValueError("no object")
    return _HEAD.validate_python(data.get("head"))


def _check_classes(found: tuple[ClassRecognition, ...], classes: int) -> None:
    """Raise `InputError` for counts that cannot be; at least two classes have images."""
    if len(found) != classes:
        raise _unusable(f"{len(found)} classes")
    if any(number in each.taken_for for number, each in enumerate(found)):
        raise _unusable("a class that is taken for itself")
    if sum(each.images > 0 for each in found) < 2:
        raise _unusable("fewer than two classes with images")
    if any(each.correct + sum(each.taken_for.values()) != each.images for each in found):
        raise _unusable("images that are neither recognised nor taken for another class")
    if any(other >= classes for each in found for other in each.taken_for):
        raise _unusable("a class that there is not")


def _first(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"


def _unusable(got: str) -> InputError:
    return InputError(
        "The details of an embedding do not fit it",
        expected="layers with all of its elements, and counts of images for each of its classes",
        got=got,
    )
