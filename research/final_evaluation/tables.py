"""The rows that are kept: what was measured, what was finished, and what was promised."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from research import RESULTS
from research.transfer_table import append_rows

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Row = TypeVar("Row", bound=DataclassInstance)
else:
    Row = TypeVar("Row")

FOLDER = RESULTS / "final_evaluation"
#: Which tasks are evaluated has tables of its own.
FRESH, DEVELOPMENT = "fresh", "development"


@dataclass(frozen=True)
class OfTrial:
    """What tells who asked: `plan.Trial.key`."""

    target: str
    shots: str
    draw: int

    @property
    def key(self) -> tuple[str, str, int]:
        """The three of them."""
        return self.target, self.shots, self.draw


@dataclass(frozen=True)
class Passed(OfTrial):
    """A model's pass over the images that train: its linear probe, scores, and processor seconds.

    ``correct`` has a digit for each image that was held out, 1 for a right answer; ``error`` is the
    ridge error of the probe and ``ridge`` that of all ``images``. ``load``, ``read`` and ``passed``
    are the seconds until the features were there; ``probing``, ``ridge_seconds`` and
    ``logme_seconds`` what each took beyond.
    """

    model: str
    correct: str
    error: float
    ridge: float
    logme: float
    images: int
    load: float
    read: float
    passed: float
    probing: float
    ridge_seconds: float
    logme_seconds: float


@dataclass(frozen=True)
class ShortTuned(OfTrial):
    """A short fine-tuning as the product races with: answers on the images held out from it."""

    model: str
    correct: str
    recipe: str
    seconds: float


@dataclass(frozen=True)
class Taken(OfTrial):
    """What a rule took in a setting, and the seconds of one core until then.

    ``offered`` counts the models in the zoo, ``probes`` and ``tunings`` those that were measured.
    """

    setting: str
    rule: str
    model: str
    recipe: str
    seconds: float
    offered: int
    probes: int
    tunings: int


@dataclass(frozen=True)
class Promised(OfTrial):
    """What an answer of the product says of a model that was trained; nan where it says nothing.

    All are fractions of accuracy; ``taken`` is 1 for the model and recipe that it names.
    """

    setting: str
    rule: str
    model: str
    recipe: str
    taken: int
    gain: float
    gain_low: float
    gain_high: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


@dataclass(frozen=True)
class Finished(OfTrial):
    """Somebody whose answers are all there, with the processor seconds of each part.

    The last row of its kind: whoever has none is asked again, from what was measured already.
    """

    family: str
    superfamily: str
    relative: str
    classes: int
    training: int
    tested: int
    embedding: float
    judging: float
    passes: float
    tunings: float
    trainings: float


@dataclass(frozen=True)
class Prepared:
    """What was made before anybody was asked, as embeddings and experts, in processor seconds."""

    what: str
    name: str
    seconds: float


def path_of(kind: str, row: type, folder: Path = FOLDER) -> Path:
    """Return the table of the rows of a type; ``kind`` says which tasks are evaluated."""
    return folder / kind / f"{row.__name__.lower()}.csv"


def append(table: Path, rows: "Sequence[Row]") -> None:
    """Append rows of one type."""
    if not rows:
        return
    table.parent.mkdir(parents=True, exist_ok=True)
    texts = [[f"{v:.5g}" if isinstance(v, float) else v for v in astuple(row)] for row in rows]
    append_rows(table, texts, columns=[each.name for each in fields(rows[0])])


def read(table: Path, row: type[Row]) -> list[Row]:
    """Return the rows of a table; none where there is no table."""
    if not table.exists():
        return []
    types = get_type_hints(row)
    with table.open(newline="") as file:
        return [
            row(**{name: types[name](text) for name, text in found.items()})
            for found in csv.DictReader(file)
        ]


def digits(correct: NDArray[np.bool_]) -> str:
    """Return a digit for each image."""
    return "".join("01"[int(each)] for each in correct)


def from_digits(text: str) -> NDArray[np.bool_]:
    """Return what `digits` was given."""
    return np.array([each == "1" for each in text], dtype=np.bool_)
