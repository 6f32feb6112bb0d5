"""Bundles: what is known of tasks in one file, to be shared without an image."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationError

from task2vec.errors import SettingError
from task2vec.messages.base import Answer, Many, Name, Question, TimeText
from task2vec.types.names import BUNDLE_NAME_PATTERN, LONGEST_LICENCE, LONGEST_VERSION

#: As many tasks as one file holds.
MOST_BUNDLED = 1000

BundleName = Annotated[
    str,
    Field(pattern=BUNDLE_NAME_PATTERN, description="Letters, digits, `.`, `_`, `-`: at most 50."),
]
"""What a bundle is called: its tasks are `BUNDLE/TASK` where it is imported."""

Licence = Annotated[str, Field(min_length=1, max_length=LONGEST_LICENCE)]


class BundleExport(Question):
    """What is to be shared: tasks of your own, with what packaged models reach on them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "letters", "licence": "CC0 1.0"}]}
    )

    name: BundleName
    version: str = Field("1", min_length=1, max_length=LONGEST_VERSION)
    maker: Name | None = Field(None, description="Who answers for what it says.")
    licence: Licence | None = Field(
        None, description="A note on the licence of every task that has none in `licences`."
    )
    licences: dict[Name, Licence] = Field(
        {}, max_length=MOST_BUNDLED, description="Notes on the licence, by the name of the task."
    )
    tasks: Annotated[Many[Name], Field(max_length=MOST_BUNDLED)] = Field(
        (), description="Their names or ids; left out, all of your own."
    )
    tag: Name | None = Field(None, description="Only tasks with this tag.")
    class_names: bool = Field(True, description="False writes numbers in their place.")
    image_hashes: bool = Field(
        False,
        description="Whether hashes of the images go with it, by which shared images are found. "
        "They tell the mean colours of a 4 x 4 grid, and whether an image is among them.",
    )
    small: bool = Field(
        False,
        description="Keep ten bits of each element and two replicates, which makes the file half "
        "as large. Plain distances change by less than a thousandth of their standard error.",
    )


class BundleImport(Question):
    """What a bundle is to be called here, and whether it replaces one of that name."""

    name: BundleName | None = Field(None, description="Default: as its file says.")
    update: bool = Field(False, description="Replace the bundle of this name.")


SHIPPED = "development"
"""The name of the bundle of known tasks that is a part of task2vec."""


def bundle_import(name: str | None, *, update: bool) -> BundleImport:
    """Return how a bundle is imported; raises `SettingError` for a name that none can have."""
    try:
        return BundleImport(name=name, update=update)
    except ValidationError:
        raise SettingError(
            "This name of a bundle cannot be used",
            expected="1 to 50 letters, digits, `.`, `_` and `-`, the first a letter or a digit",
            got=f"{name!r:.100}",
        ) from None


class Bundle(Answer):
    """A bundle: who made it, and what is in it."""

    name: str
    version: str
    maker: str | None
    created: TimeText
    sha256: str = Field(description="Of all that it says but the time: equal for equal contents.")
    tasks: int = Field(description="How many tasks it has.")
    outcomes: int = Field(description="How many outcomes it has, here of models that are here.")
    licences: dict[str, str] = Field(
        description="Notes on licences, by the name of the task in the bundle."
    )
    imported: TimeText | None = Field(
        None, description="When; null where it was only written, and where it ships."
    )
    shipped: bool = Field(
        False,
        description="Whether it is a part of task2vec: `recommend` uses it in every store, and it "
        "cannot be removed.",
    )


class ImportStatus(StrEnum):
    """What an import did."""

    IMPORTED = "imported"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


class ImportedBundle(Bundle):
    """A bundle that was imported, or was here already."""

    status: ImportStatus = Field(
        description="`unchanged` where the same contents were here already, whatever their name."
    )
    warnings: tuple[str, ...] = ()


class Bundles(Answer):
    """All bundles of a store, by name."""

    bundles: tuple[Bundle, ...]
