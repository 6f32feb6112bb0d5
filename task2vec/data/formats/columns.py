"""The columns of a list of images: which is which, and how cells tell several labels per image.

Of those there are three forms, none of which means anything else in a list of one label per image:

- a column called ``labels`` with names separated by ``;`` or by ``|`` (the same in all lines);
- no column of labels, but one for each class, with 1 (present), 0 (absent), and nothing, -1, ``na``
  or ``nan`` where nobody knows;
- in JSON, a list of the names that are present, or an object of names and 1, 0 or null.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from task2vec.data.multilabel import NamedLabels

IMAGE_COLUMNS = (
    *("path", "image", "img", "picture", "photo", "filename", "file_name", "file", "filepath"),
    *("file_path", "image_path", "image_name", "image_id", "img_id", "id_code", "id"),
)
"""Names of the column of images, the most telling first."""

LABEL_COLUMNS = (
    *("label", "labels", "class", "class_name", "target", "category", "class_id", "category_id"),
    *("fine_label", "fine_labels", "species", "breed", "y"),
)
"""Names of the column of labels, the most telling first."""

SPLIT_COLUMNS = ("split", "subset")

SEPARATORS = (";", "|")
LISTING_COLUMN = "labels"
"""The one column whose cells may hold several names: of any other, they are part of a name."""

EXPECTED = "1, 0, or -1 or nothing where it is not known"
_PRESENT = frozenset({"1", "1.0", "true"})
_ABSENT = frozenset({"0", "0.0", "false"})
_MISSING = frozenset({"", "-1", "-1.0", "na", "nan", "null", "none"})


def usual_name(names: Iterable[str], known: Sequence[str]) -> str | None:
    """Return the column that has the most telling ``known`` name, in any case, as it is spelt."""
    plain = {name.strip().casefold(): name for name in names}
    return next((plain[name] for name in known if name in plain), None)


def image_and_label(
    *, images: Sequence[str], class_labels: Sequence[str], others: Sequence[str]
) -> tuple[str, str] | None:
    """Return the column of images and that of labels by their types; None where these do not tell.

    Of columns that are said to be class labels, one of a usual name or the only one; else one of a
    usual name among the ``others`` that could be.
    """
    image, label = (
        usual_name(names, known) or (names[0] if len(names) == 1 else None)
        for names, known in ((images, IMAGE_COLUMNS), (class_labels, LABEL_COLUMNS))
    )
    label = label or usual_name(others, LABEL_COLUMNS)
    return None if image is None or label is None else (image, label)


def label_name(value: object, names: Sequence[str] | None) -> str | None:
    """Return the class name of a label; None for what Hugging Face writes where there is none."""
    if isinstance(value, int) and names is not None:
        return names[value] if 0 <= value < len(names) else None
    return None if value is None else str(value).strip() or None


def named_labels(labels: Iterable[str | None]) -> NamedLabels:
    """Return the labels of an image that has these and no others."""
    return NamedLabels(tuple(sorted({label for label in labels if label is not None})))


@dataclass(frozen=True)
class Columns:
    """The positions of the columns; ``listing``: a cell of labels may hold several names."""

    image: int
    label: int
    split: int | None
    listing: bool


def find_columns(names: Sequence[str]) -> Columns | None:
    """Return the columns of a list whose header has these names, or None where they do not tell.

    Of two columns, the one that is not the image's is the label's.
    """
    image, label = usual_name(names, IMAGE_COLUMNS), usual_name(names, LABEL_COLUMNS)
    if label is None and image is not None and len(names) == 2:
        label = next((name for name in names if name != image), None)
    if image is None or label is None or names.count(image) > 1 or names.count(label) > 1:
        return None
    split = usual_name(names, SPLIT_COLUMNS)
    return Columns(
        names.index(image),
        names.index(label),
        None if split is None else names.index(split),
        listing=label == LISTING_COLUMN,
    )


@dataclass(frozen=True)
class ClassColumns:
    """The positions of a table's columns that has one for each class, and the classes, sorted."""

    image: int
    split: int | None
    classes: tuple[str, ...]
    positions: tuple[int, ...]

    @classmethod
    def of(cls, header: Sequence[str]) -> "ClassColumns | None":
        """Return them, or None unless there is an image column and two others, none of labels."""
        names = [plain_name(name) for name in header]
        plain = [name.casefold() for name in names]
        if len(set(plain)) < len(plain) or "" in plain or set(plain) & set(LABEL_COLUMNS):
            return None
        image, split = (
            next((plain.index(name) for name in known if name in plain), None)
            for known in (IMAGE_COLUMNS, SPLIT_COLUMNS)
        )
        classes = sorted((name, i) for i, name in enumerate(names) if i not in (image, split))
        if image is None or len(classes) < 2:
            return None
        return cls(image, split, *map(tuple, zip(*classes, strict=True)))

    def labels(self, cells: Sequence[str]) -> NamedLabels:
        """Return what a row says; raises `ValueError` for a cell that says something else."""
        columns = zip(self.classes, self.positions, strict=True)
        # Where all is known, all rows share one tuple.
        return _stated({name: _presence(cells[i], name) for name, i in columns}, self.classes)


def separator_of(cells: Sequence[str]) -> str | None:
    """Return what separates names in a column of cells; None where nothing does.

    Raises `ValueError` where some cells use one and some the other.
    """
    marks = [mark for mark in SEPARATORS if any(mark in cell for cell in cells)]
    if len(marks) > 1:
        raise ValueError(f"both {' and '.join(map(repr, marks))} between labels")
    return marks[0] if marks else None


def labels_in_cell(cell: str, separator: str) -> NamedLabels:
    """Return the labels of a cell; an empty one is an image that has none of the classes."""
    return NamedLabels(_sorted(cell.split(separator)))


def labels_in_json(value: list[Any] | dict[str, Any]) -> NamedLabels:
    """Return the labels of a list of names, or of an object of names and 1, 0 or null.

    A class that an object does not name is missing. Raises `ValueError` for anything else in it.
    """
    if isinstance(value, list):
        names = [str(n) if isinstance(n, int) and not isinstance(n, bool) else n for n in value]
        if strange := [name for name in names if not isinstance(name, str) or not name.strip()]:
            raise ValueError(f"{strange[0]!r:.80} in a list of labels")
        return NamedLabels(_sorted(names))
    presence = {plain_name(n): _presence("" if v is None else str(v), n) for n, v in value.items()}
    if len(presence) < len(value) or "" in presence:
        raise ValueError(f"classes without a name of their own: {', '.join(value)!r:.80}")
    return _stated(presence, tuple(sorted(presence)))


def _stated(presence: Mapping[str, bool | None], every: tuple[str, ...]) -> NamedLabels:
    """Return the labels of a row that says whether it has each class, None where nobody knows."""
    names = tuple(name for name in every if presence[name] is not None)
    present = tuple(name for name in names if presence[name])
    return NamedLabels(present, every if len(names) == len(every) else names)


def plain_name(name: str) -> str:
    """Return a name in Unicode form NFC, without spaces around it: one class in every spelling."""
    return unicodedata.normalize("NFC", name.strip())


def _presence(cell: str, name: str) -> bool | None:
    plain = cell.strip().casefold()
    if plain in _PRESENT or plain in _ABSENT:
        return plain in _PRESENT
    if plain in _MISSING:
        return None
    raise ValueError(f"{cell[:80]!r} for {name[:80]!r}")


def _sorted(names: Sequence[str]) -> tuple[str, ...]:
    """Return the different names, without empty ones."""
    return tuple(sorted({name for name in map(plain_name, names) if name}))
