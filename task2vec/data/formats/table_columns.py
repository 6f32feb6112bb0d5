"""Which columns of an Arrow table hold images and labels, and what the labels are called."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from task2vec.data.formats.columns import image_and_label
from task2vec.data.pixels.limits import MAX_CLASS_NAME
from task2vec.data.wording import shown
from task2vec.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class TableColumns:
    """The column of images, the column of labels, and the names of labels that are numbers."""

    image: str
    label: str
    names: tuple[str, ...] | None


def table_columns(schema: "pa.Schema", *, source: str) -> TableColumns:
    """Choose the columns by type and name.

    Images are bytes, or structures with ``bytes`` as Hugging Face writes them. The label, or the
    list of several, is the column that Hugging Face's metadata calls a class label, or one of a
    usual name. Raises `SourceError`, naming the columns, where these do not tell.
    """
    images = [field.name for field in schema if _holds_images(field.type)]
    labels = [field.name for field in schema if _holds_labels(field.type)]
    features = _features(schema)
    labelled = [name for name in labels if name in features]
    chosen = image_and_label(images=images, class_labels=labelled, others=labels)
    if chosen is None or sum(map(schema.names.count, chosen)) > 2:
        columns = [f"{shown(field.name)} ({field.type!s:.40})" for field in schema][:20]
        raise SourceError(
            f"The columns of {source} do not tell images and labels",
            expected="a column image of encoded images (bytes, or a structure with bytes) and a "
            "column label of names or whole numbers, or labels of lists of them",
            got=", ".join(columns) or "no columns",
            remedy="Rename the two columns to image and label.",
        )
    return TableColumns(*chosen, features.get(chosen[1]))


def _holds_images(kind: "pa.DataType") -> bool:
    import pyarrow.types as types

    if types.is_struct(kind):
        index = kind.get_field_index("bytes")
        return index >= 0 and _is_binary(kind.field(index).type)
    return _is_binary(kind)


def _is_binary(kind: "pa.DataType") -> bool:
    import pyarrow.types as types

    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def holds_lists(kind: "pa.DataType") -> bool:
    """Return whether a column may hold several labels per image."""
    import pyarrow.types as types

    return bool(types.is_list(kind) or types.is_large_list(kind))


def _holds_labels(kind: "pa.DataType") -> bool:
    import pyarrow.types as types

    if holds_lists(kind):
        kind = kind.value_type
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind))


def _features(schema: "pa.Schema") -> dict[str, tuple[str, ...]]:
    """Return the class names of each column that Hugging Face's metadata calls a class label."""
    try:
        about: Any = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = about["info"]["features"]
        parts = [(key, _element(value)) for key, value in features.items()]
        items = [(key, value) for key, value in parts if isinstance(value, dict)]
    # Metadata of other makes is none.
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return {}
    classes = {}
    for name, feature in items:
        names = feature.get("names")
        if feature.get("_type") == "ClassLabel" and isinstance(names, list):
            texts = [text for text in names if isinstance(text, str)]
            if len(texts) == len(names) and all(0 < len(t) <= MAX_CLASS_NAME for t in texts):
                classes[name] = tuple(texts)
    return classes


def _element(feature: Any) -> Any:
    """Return the type of a list's elements, which Hugging Face writes in several ways."""
    if isinstance(feature, list):
        return feature[0] if len(feature) == 1 else None
    inner = feature.get("feature") if isinstance(feature, dict) else None
    return feature if inner is None else inner
