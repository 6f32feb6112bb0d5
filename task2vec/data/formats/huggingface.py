"""Data sets of Hugging Face's ``datasets`` in memory, recognised by what they can do."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from task2vec.data.build import Place, build_from_places
from task2vec.data.formats.columns import image_and_label, label_name, named_labels
from task2vec.data.formats.source_format import SourceFormat
from task2vec.data.multilabel import NamedLabels
from task2vec.data.pixels.files import read_file
from task2vec.data.pixels.reader import Raw, UnreadableImageError
from task2vec.data.task import SPLIT_NAMES, Task
from task2vec.data.wording import remarks, shown
from task2vec.errors import SourceError


def _is_huggingface(source: object) -> bool:
    """Return whether an object is a data set, a streamed one, or a dictionary of them."""
    if isinstance(source, Mapping):
        return bool(source) and all(map(_is_huggingface, source.values()))
    return hasattr(source, "features") and hasattr(source, "cast_column")


@dataclass(frozen=True)
class HuggingFaceReader:
    """Reads rows of data sets of one undecoded column of images, given by split."""

    rows: Mapping[str, Any]
    column: str

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        """Yield the images split by split, in the order of the rows."""
        wanted: dict[str, list[int]] = defaultdict(list)
        for key in keys:
            split, _, number = key.rpartition(_ROW)
            wanted[split].append(int(number))
        for split, numbers in wanted.items():
            for row in sorted(numbers):
                yield f"{split}{_ROW}{row}", _raw(self.rows[split][row][self.column])


_ROW = "row "


class HuggingFace(SourceFormat):
    """A ``Dataset`` or ``DatasetDict``."""

    def open_object(self, given: object, *, name: str | None) -> Task | None:
        """List the rows as `_task` does; None for other objects."""
        return _task(given, name=name) if _is_huggingface(given) else None


def _task(given: Any, *, name: str | None) -> Task:
    """Make a task of a ``Dataset`` or ``DatasetDict`` with a column of images and one of labels.

    Splits are those of the dictionary. Images are read as they are wanted, and not through the
    user's format or transform. Raises `SourceError` for streamed data sets, columns that do not
    tell, splits that differ in them, and fewer than two classes.
    """
    parts = dict(given) if isinstance(given, Mapping) else {"": given}
    first = next(iter(parts.values()))
    if not all(hasattr(part, "__len__") for part in parts.values()):
        raise SourceError(
            "A streamed data set cannot be drawn from",
            expected="a Dataset or a DatasetDict",
            got=type(first).__name__,
            remedy="Load it without streaming=True, or take some rows into a Dataset.",
        )
    image, label = _columns(first)
    name = name or _name(first)
    source = f"Hugging Face data set {name}"
    rows: dict[str, Any] = {}
    places: dict[str, Place] = {}
    stamps: list[str] = []
    unlabelled: list[str] = []
    for split, part in parts.items():
        if _columns(part) != (image, label):
            raise SourceError(f"Split {shown(split)} of {source} has other columns than the first")
        plain = part.with_format(None)
        feature = plain.features[image]
        prefix = f"{split} " if split else ""
        rows[prefix] = plain.select_columns(image).cast_column(image, type(feature)(decode=False))
        names = getattr(_element(plain.features[label]), "names", None)
        for number, value in enumerate(plain.select_columns(label)[:][label]):
            key = f"{prefix}{_ROW}{number}"
            called: str | NamedLabels | None
            if isinstance(value, list):
                called = named_labels(label_name(each, names) for each in value)
            else:
                called = label_name(value, names)
            if called is None:
                unlabelled.append(key)
            else:
                places[key] = called, SPLIT_NAMES.get(split.casefold())
                stamps.append(getattr(part, "_fingerprint", ""))
    return build_from_places(
        places,
        name=name,
        source=source,
        stamps=stamps,
        warnings=remarks(unlabelled, "row", "left out, having no label"),
        reader=HuggingFaceReader(rows, image),
    )


def _columns(part: Any) -> tuple[str, str]:
    kinds = {name: type(feature).__name__ for name, feature in part.features.items()}
    images = [name for name, kind in kinds.items() if kind == "Image"]
    elements = {name: _element(feature) for name, feature in part.features.items()}
    labelled = [name for name, kind in elements.items() if type(kind).__name__ == "ClassLabel"]
    plain = [name for name, kind in elements.items() if _is_plain(getattr(kind, "dtype", None))]
    columns = image_and_label(images=images, class_labels=labelled, others=plain)
    if columns is None:
        raise SourceError(
            "The columns of the data set do not tell images and labels",
            expected="a column of type Image, and one of type ClassLabel, a list of it, or called "
            "label",
            got=", ".join(f"{name} ({kind})" for name, kind in kinds.items()),
            remedy="Rename them with rename_column.",
        )
    return columns


def _is_plain(dtype: object) -> bool:
    return isinstance(dtype, str) and (dtype in ("string", "large_string") or "int" in dtype)


def _name(part: object) -> str:
    info = getattr(part, "info", None)
    name = getattr(info, "dataset_name", None) or getattr(info, "builder_name", None)
    return str(name or "dataset")


def _element(feature: Any) -> Any:
    """Return the type of the elements where a feature is one of lists, else the feature."""
    if isinstance(feature, list):
        return feature[0] if len(feature) == 1 else None
    return getattr(feature, "feature", feature)


def _raw(cell: Mapping[str, Any] | None) -> Raw:
    if cell is None:
        return UnreadableImageError("no image in this row")
    if cell.get("bytes") is not None:
        return bytes(cell["bytes"])
    # Never a network: an address is no file.
    return read_file(cell["path"]) if cell.get("path") else UnreadableImageError("empty row")
