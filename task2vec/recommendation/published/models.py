"""Published figures of pretrained models: `PublishedModel`, by timm's names."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import isfinite

from task2vec.errors import InputError
from task2vec.messages.models import Model

#: Of the tables' numbers: another version, other answers.
VERSION = "2026.11"


@dataclass(frozen=True)
class Row:
    """A row of a table: its texts by column, and where it is."""

    table: str
    line: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """Return a cell that must say something; raises `InputError` where it does not."""
        cell = self.cells[column]
        if not cell or cell != cell.strip():
            raise self.damaged(column, "a text without spaces around it")
        return cell

    def text_if_any(self, column: str) -> str | None:
        """Return a cell's text, or None for an empty cell; raises as `text`."""
        return self.text(column) if self.cells[column] else None

    def number(self, column: str, *, above: float, most: float) -> float:
        """Return a number in ``(above, most]``; raises `InputError` for anything else."""
        value = self.number_if_any(column, above=above, most=most)
        if value is None:
            raise self.damaged(column, f"a number above {above:g}, {most:g} at most")
        return value

    def number_if_any(self, column: str, *, above: float, most: float) -> float | None:
        """Return a number in ``(above, most]``, or None for an empty cell; raises as `number`."""
        cell = self.cells[column]
        if not cell:
            return None
        try:
            value = float(cell)
        except ValueError:
            value = float("nan")
        if not (isfinite(value) and above < value <= most):
            raise self.damaged(column, f"a number above {above:g}, {most:g} at most, or nothing")
        return value

    def damaged(self, column: str, expected: str) -> InputError:
        """Return the error for a cell that is not what it should be."""
        return InputError(
            f"Line {self.line} of {self.table} is damaged at {column}",
            expected=expected,
            got=repr(self.cells[column]),
            remedy="Install task2vec again.",
        )


def packaged(table: str) -> str:
    """Return the text of a table that is shipped beside this module."""
    return files(__package__).joinpath(table).read_text(encoding="utf-8")


def read_rows(text: str, *, table: str, columns: Sequence[str]) -> list[Row]:
    """Return the rows of a CSV text whose first line holds exactly ``columns``.

    Raises `InputError`, naming the line, where a row has more or fewer cells.
    """
    lines = csv.reader(text.splitlines())
    header = next(lines, [])
    if header != list(columns):
        raise InputError(
            f"{table} has other columns",
            expected=", ".join(columns),
            got=", ".join(header) or "nothing",
            remedy="Install task2vec again.",
        )
    rows = []
    for line, cells in enumerate(lines, start=2):
        if len(cells) != len(columns):
            raise InputError(
                f"Line {line} of {table} is damaged",
                expected=f"{len(columns)} cells",
                got=str(len(cells)),
                remedy="Install task2vec again.",
            )
        rows.append(Row(table, line, dict(zip(columns, cells, strict=True))))
    return rows


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
    return read_sources(packaged("sources.csv"))


def read_sources(text: str) -> Mapping[str, PublishedSource]:
    """Return the sources in the text of a table; raises `InputError` for a damaged one."""
    columns = ("collection", "about", "source", "revision", "licence")
    sources: dict[str, PublishedSource] = {}
    for row in read_rows(text, table="sources.csv", columns=columns):
        source = PublishedSource(**{column: row.text(column) for column in columns})
        if source.collection in sources:
            raise row.damaged("collection", "one row a collection")
        sources[source.collection] = source
    return sources


_TOP1 = {
    "imagenet": "top1_imagenet",
    "real": "top1_real",
    "v2": "top1_v2",
    "r": "top1_r",
    "a": "top1_a",
    "sketch": "top1_sketch",
}
_COLUMNS = (
    *("model", "default", "input_size", "parameters_million", "operations_billion", "licence"),
    *_TOP1.values(),
)


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
    return read_models(packaged("models.csv"))


def read_models(text: str) -> Mapping[str, PublishedModel]:
    """Return the models in the text of a table.

    Raises `InputError` for a damaged one: a name twice, two defaults of an architecture, a figure
    that cannot be.
    """
    models: dict[str, PublishedModel] = {}
    defaults: set[str] = set()
    for row in read_rows(text, table="models.csv", columns=_COLUMNS):
        size = row.number_if_any("input_size", above=0, most=4096)
        if size is not None and not size.is_integer():
            raise row.damaged("input_size", "a whole number of pixels")
        millions = row.number_if_any("parameters_million", above=0, most=1e6)
        billions = row.number_if_any("operations_billion", above=0, most=1e6)
        figures = {name: row.number_if_any(c, above=0, most=100) for name, c in _TOP1.items()}
        if row.text("default") not in ("yes", "no"):
            raise row.damaged("default", "yes or no")
        model = PublishedModel(
            name=row.text("model"),
            default=row.text("default") == "yes",
            input_size=None if size is None else int(size),
            parameters=None if millions is None else round(millions * 1e6),
            operations=None if billions is None else round(billions * 1e9),
            licence=row.text_if_any("licence"),
            # Five digits were published; the rounding takes back what the division adds.
            **{name: None if f is None else round(f / 100, 7) for name, f in figures.items()},
        )
        if model.name in models:
            raise row.damaged("model", "one row per model")
        if model.default and model.architecture in defaults:
            raise row.damaged("default", f"one default of {model.architecture}")
        if model.default:
            defaults.add(model.architecture)
        models[model.name] = model
    return models


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
