"""Published figures of pretrained models: `PublishedModel`, by timm's names."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

from task2vec.errors import InputError
from task2vec.messages.models import Model
from task2vec.messages.published import Figure

#: Of the tables' numbers: another version, other answers.
VERSION = "2026.11"

T = TypeVar("T")


def _read(table: str, make: Callable[[dict[str, str]], T]) -> list[T]:
    """Return what is made of the rows of a table that is shipped beside this module."""
    text, made = files(__package__).joinpath(table).read_text(encoding="utf-8"), []
    for line, row in enumerate(csv.DictReader(text.splitlines()), start=2):
        try:
            made.append(make(row))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"Line {line} of {table} is damaged",
                got=f"{error}",
                remedy="Install task2vec again.",
            ) from error
    return made


@dataclass(frozen=True)
class PublishedSource:
    """Where the figures of a collection come from: a repository at a revision, and its licence."""

    collection: str
    about: str
    source: str
    revision: str
    licence: str


@cache
def published_sources() -> Mapping[str, PublishedSource]:
    """Return the sources of all figures, by collection."""
    return {
        each.collection: each for each in _read("sources.csv", lambda row: PublishedSource(**row))
    }


@dataclass(frozen=True)
class PublishedModel:
    """A model of timm with its published figures, None where none is published.

    ``name`` is timm's, ``ARCHITECTURE.TAG``; ``default`` whether these are the weights that timm
    loads for the architecture alone. ``input_size`` is the pixels a side that it was judged at,
    ``parameters`` their number, rounded to 10,000, ``operations`` the multiply-adds for one image
    of that size, rounded to 10 million, and ``licence`` what timm states of the weights. The others
    are top-1 accuracies as fractions: on ImageNet's validation images, on these with the labels of
    ReaL, and on ImageNet-V2, -R (renditions), -A (adversarially chosen photographs) and -Sketch.
    """

    name: str
    default: bool
    input_size: int | None
    parameters: int | None
    operations: int | None
    licence: str | None
    imagenet: float | None
    real: float | None
    v2: float | None
    r: float | None
    a: float | None
    sketch: float | None

    @property
    def architecture(self) -> str:
        """The name without the tag of the weights."""
        return self.name.partition(".")[0]


@cache
def published_models() -> Mapping[str, PublishedModel]:
    """Return all models with published figures, by name."""
    return {model.name: model for model in _read("models.csv", _model)}


def _model(row: Mapping[str, str]) -> PublishedModel:
    def number(column: str) -> float | None:
        return None if row[column] == "" else float(row[column])

    def whole(column: str, unit: float) -> int | None:
        value = number(column)
        return None if value is None else round(value * unit)

    def share(column: str) -> float | None:
        percent = number(column)
        # Five digits were published; the rounding takes back what the division adds.
        return None if percent is None else round(percent / 100, 7)

    return PublishedModel(
        name=row["model"],
        default=row["default"] == "yes",
        input_size=whole("input_size", 1),
        parameters=whole("parameters_million", 1e6),
        operations=whole("operations_billion", 1e9),
        licence=row["licence"] or None,
        **{figure.value: share(f"top1_{figure}") for figure in Figure},
    )


#: The shipped probes by their own names. The packaged weights of the EfficientNet-Lites were
#: converted from the checkpoints that timm's ``tf_`` models come from.
SHIPPED = {
    "efficientnet_lite0": "tf_efficientnet_lite0.in1k",
    "efficientnet_lite1": "tf_efficientnet_lite1.in1k",
    "efficientnet_lite2": "tf_efficientnet_lite2.in1k",
    "resnet18": "resnet18.tv_in1k",
    "resnet34": "resnet34.tv_in1k",
}
#: Gains are measured against this one.
DEFAULT = SHIPPED["efficientnet_lite0"]


def published_model(record: Model) -> PublishedModel | None:
    """Return the published figures of a starting model, None where there are none.

    Known are ``timm:NAME`` and ``hf-hub:timm/NAME``, with or without a revision, and the shipped
    probes; a name without a tag stands for the weights that timm loads for it. An expert is not
    the model it was fine-tuned from, and a file may hold any weights: neither has figures.
    """
    if record.task is not None:
        return None
    reference = record.ref.partition("?")[0].partition("@")[0]
    for scheme in ("timm:", "hf-hub:timm/"):
        if reference.startswith(scheme):
            return by_name(reference.removeprefix(scheme))
    shipped = SHIPPED.get(reference.removeprefix("probe:"))
    return by_name(shipped) if shipped else None


def by_name(name: str) -> PublishedModel | None:
    """Return a model by timm's name; one without a tag stands for the weights that timm loads."""
    models = published_models()
    if "." in name:
        return models.get(name)
    of_architecture = (m for m in models.values() if m.default and m.architecture == name)
    return next(of_architecture, None)
