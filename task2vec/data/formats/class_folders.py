"""A tree with one folder of images per class: what a path tells of the class and the split.

- The first folder of a path is the class; deeper folders belong to it.
- A folder that holds everything (``flowers/rose/1.jpg``, ``flowers/tulip/2.jpg``) is no class but
  packaging, and is passed over, also several times.
- Where the first folders are named for splits (`SPLIT_NAMES`) and hold folders, they are the split
  and the second folder is the class. Folders beside them count only if they leave the question
  open, that is unless ``train`` and another split are there.
- An image that lies in no class folder is a stray.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from task2vec.data.build import build_from_places
from task2vec.data.containers.tree import SUFFIXES, Tree
from task2vec.data.formats.source_format import SourceFormat
from task2vec.data.paths import is_folder
from task2vec.data.task import SPLIT_NAMES, Task
from task2vec.data.wording import plural, remarks, typed
from task2vec.errors import SourceError

LAYOUT = "one folder of images per class, optionally inside train, val and test folders"


class ClassFolders(SourceFormat):
    """A tree with one folder of images per class."""

    def open_tree(self, tree: Tree, *, name: str) -> Task:
        """Take the classes from the folders.

        Raises `SourceError` if there are no images, no class folders or only one class.
        """
        inventory = tree.inventory
        warnings = inventory.warnings()
        if not inventory.images:
            raise SourceError(
                f"{tree.source} holds no images",
                expected=LAYOUT,
                got="; ".join(warnings) or "nothing",
                remedy=f"Images are files that end in {', '.join(sorted(SUFFIXES))}. Links are not "
                "followed: list linked files in a CSV file with the columns path,label.",
            )
        layout = lay_out(inventory.images, folders=inventory.folders)
        warnings += remarks(layout.strays, "image", "left out, lying in no class folder")
        warnings += remarks(layout.empty, "class folder", "without images")
        if not layout.places:
            raise SourceError(
                f"{tree.source} has images but no classes",
                expected=LAYOUT,
                got=f"{plural(len(layout.strays), 'image')} in no class folder",
                remedy="Sort the images into one folder per class, or list them in a file "
                "labels.csv beside them, with the columns path,label.",
            )
        if layout.nested:
            source = typed(tree.source) if is_folder(Path(tree.source)) else "FOLDER"
            warnings.append(
                "each class folder holds several folders of images and no image itself. If each "
                f"class folder is a task of its own: `task2vec batch {source}`, and to remove this "
                f"one from the store: `task2vec remove {typed(name)}`"
            )
        return build_from_places(
            layout.places,
            name=name,
            source=tree.source,
            stamps=[tree.clock + inventory.images[key] for key in layout.places],
            warnings=warnings,
            reader=tree.images,
        )


Parts = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Which class and split each path has.

    ``places`` maps a path to its class name (in Unicode form NFC, so that one class is one class
    on every file system) and its split or None, ``strays`` are paths in no class folder, ``empty``
    the class folders without an image. All are sorted. ``nested``: no class folder holds images
    itself, and each holds several folders of images, as a folder of tasks does.
    """

    places: dict[str, tuple[str, str | None]]
    strays: tuple[str, ...]
    empty: tuple[str, ...]
    nested: bool


def lay_out(paths: Collection[str], *, folders: Collection[str] = ()) -> Layout:
    """Apply the rule to the paths of all images, relative to the source, with forward slashes.

    ``folders`` are the folders known to exist; those of classes without an image are reported.
    """
    files = {path: tuple(path.split("/")) for path in sorted(paths)}
    # Folders without images (notes, annotations) must not decide what the others are.
    trails = {parts[:-1] for parts in files.values() if len(parts) > 1}
    packaging = _packaging(trails)
    depth = len(packaging)
    splits = _split_folders({trail[depth:] for trail in trails if len(trail) > depth})

    places: dict[str, tuple[str, str | None]] = {}
    strays: list[str] = []
    for path, parts in files.items():
        place = _place(parts[depth:-1], splits) if parts[:depth] == packaging else None
        if place is None:
            strays.append(path)
        else:
            places[path] = place
    filled = set(places.values())
    trails_below = (tuple(folder.split("/")) for folder in folders)
    below = {parts[depth:] for parts in trails_below if parts[:depth] == packaging}
    named = {place for trail in below if (place := _place(trail, splits)) is not None}
    empty = sorted("/".join(filter(None, (split, name))) for name, split in named - filled)
    # The class is the first folder of a trail, or the second behind a split.
    within = depth + 1 + bool(splits)
    inner: dict[str, set[str]] = defaultdict(set)
    for path, (name, _) in places.items():
        inner[name].add("/".join(files[path][within:-1][:1]))
    nested = bool(inner) and all(len(names) > 1 and "" not in names for names in inner.values())
    return Layout(places, tuple(strays), tuple(empty), nested)


def _packaging(trails: Collection[Parts]) -> Parts:
    """Return the leading folders that everything else lies in."""
    packaging: Parts = ()
    while True:
        depth = len(packaging)
        tops = {trail[depth] for trail in trails if len(trail) > depth}
        inner = {trail[depth + 1] for trail in trails if len(trail) > depth + 1}
        if len(tops) != 1 or not inner:
            return packaging
        (top,) = tops
        # A lone "train" is a split, unless it holds splits itself.
        if _split_of(top) and not all(map(_split_of, inner)):
            return packaging
        packaging = (*packaging, top)


def _split_folders(trails: Collection[Parts]) -> dict[str, str]:
    """Return the first folders that are splits, with the split of each; none if none is."""
    tops = {trail[0] for trail in trails}
    nested = {trail[0] for trail in trails if len(trail) > 1}
    splits = {top: split for top in tops if (split := _split_of(top))}
    if not nested & set(splits):
        # Flat "train" and "test" hold images without classes; among others they are classes.
        return splits if splits and len(splits) == len(tops) else {}
    certain = "train" in splits.values() and len(set(splits.values())) > 1
    return splits if certain or len(splits) == len(tops) else {}


def _split_of(folder: str) -> str | None:
    return SPLIT_NAMES.get(folder.casefold())


def _place(trail: Parts, splits: dict[str, str]) -> tuple[str, str | None] | None:
    if not splits:
        return (unicodedata.normalize("NFC", trail[0]), None) if trail else None
    if len(trail) < 2 or trail[0] not in splits:
        return None
    return unicodedata.normalize("NFC", trail[1]), splits[trail[0]]
