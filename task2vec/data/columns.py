"""Which column of a table holds the images, the labels and the split, by their names."""

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Columns:
    """The names of the columns as the table spells them."""

    image: str
    label: str
    split: str | None = None


def find_columns(names: Sequence[str]) -> Columns | None:
    """Return the columns of a table with these names, or None where they do not tell.

    In any case and with any spaces around them; of two columns, the one that is not the image's is
    the label's.
    """
    plain = {name.strip().casefold(): name for name in reversed(names)}
    image = _first(IMAGE_COLUMNS, plain)
    label = _first(LABEL_COLUMNS, plain)
    if label is None and image is not None and len(names) == 2:
        label = next((name for name in names if name != image), None)
    if image is None or label is None:
        return None
    if any(sum(other == name for other in names) > 1 for name in (image, label)):
        return None
    return Columns(image, label, _first(SPLIT_COLUMNS, plain))


def _first(known: Sequence[str], plain: dict[str, str]) -> str | None:
    return next((plain[name] for name in known if name in plain), None)
