"""Boxes in YOLO's text files and a YAML file that names the classes.

Format: https://docs.ultralytics.com/datasets/detect. Of an image ``images/a/1.jpg`` the boxes are
in ``labels/a/1.txt``, or beside it; a line is ``class x y width height``, x and y of the centre,
all as shares of the image's sides. A line with more corners is a polygon, of which the bounding box
is taken.
"""

import os
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from task2vec.data.containers.folder import folder_tree
from task2vec.data.containers.tree import Tree
from task2vec.data.formats.columns import plain_name
from task2vec.data.formats.crops import Box, Boxes
from task2vec.data.formats.lookup import Lookup
from task2vec.data.formats.source_format import SourceFile, SourceFormat
from task2vec.data.pixels.limits import MAX_BOXES
from task2vec.data.task import SPLITS, Task
from task2vec.data.wording import plural, printable, shown
from task2vec.errors import SourceError

MAX_YAML_BYTES = 2**18
"""Bytes of a document: the names of a thousand classes take a tenth; parsing takes seconds a MB."""


class Yolo(SourceFormat):
    """Boxes in YOLO's text files, by the YAML file or in a tree; all boxes make one task."""

    suffixes = (".yaml", ".yml")

    def open_file(self, file: SourceFile) -> Task:
        """List the boxes of a data set that is named by its YAML file.

        The images are looked for below its folder, or below the ``path`` that it names if that
        exists and the file is trusted. Raises `SourceError` for other files, and as `_task` does.
        """
        path = file.path.resolve()
        document = parse_yaml(file.contents(), called=file.source)
        if not _names_classes(document):
            raise SourceError(
                f"{file.source} names no classes",
                expected="a YAML file with names, and perhaps train, val and test, as YOLO has it",
                got=type(document).__name__,
            )
        root = (_stated_root(path, document) if file.trusted else None) or path.parent
        tree = folder_tree(root, source=file.source, largest=file.largest)
        return _task(tree, document, name=file.name, paper=printable(path.name))

    def open_tree(self, tree: Tree, *, name: str) -> Task | None:
        """List the boxes in a tree; None if no image has any or no YAML file names classes.

        Raises `SourceError` as `_task` does, and for a file called ``...data...`` that is no YAML.
        """
        inventory = tree.inventory
        candidates = _candidates(inventory.documents)
        if not candidates or not any(_label_file(key, tree) for key in inventory.images):
            return None
        for paper in candidates:
            try:
                called = f"{shown(paper)} of {tree.source}"
                document = parse_yaml(tree.document(paper), called=called)
            except SourceError:
                # Settings of something else may use all of YAML.
                if "data" in paper.lower():
                    raise
                continue
            if _names_classes(document):
                return _task(tree, document, name=name, paper=paper)
        return None


class _Loader(yaml.BaseLoader):
    """Makes every scalar a string (``no`` is a name, too) and refuses aliases.

    A few lines of aliases to aliases stand for billions of elements.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("aliases are not accepted")
        return super().compose_node(parent, index)


def parse_yaml(contents: bytes, *, called: str) -> Any:
    """Return a stranger's YAML as strings, lists and dictionaries; raises `SourceError`."""
    if len(contents) > MAX_YAML_BYTES:
        raise SourceError(
            f"{called} is too large",
            expected=f"at most {MAX_YAML_BYTES // 1024} KiB",
            got=f"{len(contents) // 1024} KiB",
        )
    try:
        return yaml.load(contents, Loader=_Loader)
    # Deep nesting exhausts the stack; odd bytes and keys show as ValueError and TypeError.
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise SourceError(f"{called} is no YAML", got=shown(str(error))) from error


def _names_classes(document: Any) -> bool:
    return isinstance(document, dict) and bool(document.get("names"))


def _stated_root(path: Path, document: dict[str, Any]) -> Path | None:
    given = document.get("path")
    if not isinstance(given, str) or not given or "\0" in given:
        return None
    root = Path(os.path.normpath(path.parent / given))
    return root if root.is_dir() else None


def _candidates(documents: Collection[str]) -> list[str]:
    papers = [p for p in documents if p.lower().endswith((".yaml", ".yml")) and p.count("/") <= 1]
    return sorted(papers, key=lambda p: (p.count("/"), "data" not in p.lower(), p))[:5]


def _names(given: Any, *, called: str) -> dict[int, str]:
    """Return the class names by number, from a list or a mapping."""
    pairs = list(enumerate(given)) if isinstance(given, list) else None
    if isinstance(given, dict) and all(isinstance(k, str) and k.isdecimal() for k in given):
        pairs = [(int(number), name) for number, name in given.items() if len(number) < 10]
    if not pairs or not all(isinstance(name, str) and name.strip() for _, name in pairs):
        raise SourceError(
            f"{called} does not name the classes",
            expected="names: a list, or numbers with a name each",
            got=type(given).__name__,
        )
    return {number: plain_name(name) for number, name in pairs}


def _splits(tree: Tree, document: dict[str, Any], *, folder: str) -> dict[str, str | None]:
    """Return the split of each image; all images without one where the document names none."""
    images = tree.inventory.images
    split_of: dict[str, str | None] = {}
    for split in SPLITS:
        given = document.get(split, ())
        for place in [given] if isinstance(given, str) else given or ():
            if isinstance(place, str) and place:
                for key in _members(tree, place, folder=folder):
                    split_of.setdefault(key, split)
    return split_of or dict.fromkeys(images)


def _members(tree: Tree, place: str, *, folder: str) -> Iterator[str]:
    """Yield the images in a folder, or of a list, that the document may call by an outer path.

    Where the data set lay when the document was written is unknown, so that leading folders are
    dropped until something of the tree fits. Nothing outside of it can be named.
    """
    images, documents = tree.inventory.images, tree.inventory.documents
    base = [part for part in folder.split("/") if part != "."]
    parts = [part for part in place.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    for start in range(len(parts)):
        path = "/".join([*base, *parts[start:]])
        if path in documents:
            lookup = Lookup(images)
            text = tree.document(path).decode("utf-8", "replace")
            yield from (key for line in text.splitlines() if (key := lookup.find(line)))
            return
        members = [key for key in images if key.startswith(f"{path}/")]
        if members:
            yield from members
            return
    if not parts:
        yield from images


def _task(tree: Tree, document: dict[str, Any], *, name: str, paper: str) -> Task:
    """Make one task of all boxes, with the names and splits of a parsed document.

    ``paper`` is the path of the document in the tree. Raises `SourceError` where it names no
    classes, and where no usable boxes of two classes remain.
    """
    names = _names(document["names"], called=f"{shown(paper)} of {tree.source}")
    splits = _splits(tree, document, folder=str(PurePosixPath(paper).parent))
    boxes = Boxes(papers=[paper])
    images = {label: key for key in splits if (label := _label_file(key, tree)) is not None}
    for label, contents in tree.documents(images):
        boxes.papers.append(label)
        image = images[label]
        lines = contents.decode("utf-8", "replace").splitlines()
        if len(lines) > MAX_BOXES:
            raise SourceError(f"{shown(label)} of {tree.source} has too many lines")
        for number, line in enumerate((line for line in lines if line.strip()), start=1):
            key = f"{image}#box {number}"
            label_name, box = _parse(line, names)
            if box is None:
                boxes.left_out[label_name].append(key)
            else:
                boxes.add(key, image, box, (label_name, splits[image]))
    unlabelled = len(splits) - len(images)
    if unlabelled:
        boxes.notes.append(f"{plural(unlabelled, 'image')} without a file of boxes")
    return boxes.task(tree, name=name, kind="boxes in YOLO's text files")


def _label_file(image: str, tree: Tree) -> str | None:
    path = PurePosixPath(image).with_suffix(".txt")
    parts = list(path.parts)
    for position in reversed([i for i, part in enumerate(parts[:-1]) if part == "images"]):
        beside = "/".join([*parts[:position], "labels", *parts[position + 1 :]])
        if beside in tree.inventory.documents:
            return beside
    return str(path) if str(path) in tree.inventory.documents else None


def _parse(line: str, names: dict[int, str]) -> tuple[str, Box | None]:
    """Return the class and the box, or why there is none."""
    try:
        number, *rest = [float(word) for word in line[:100_000].split()]
        name = names.get(int(number)) if number.is_integer() else None
    except ValueError:
        return "its line is not of numbers", None
    if name is None:
        return "of an unknown class", None
    # A sixth number is the confidence of a prediction.
    if len(rest) in (4, 5):
        x, y, width, height = rest[:4]
        sides = x - width / 2, y - height / 2, x + width / 2, y + height / 2
    elif len(rest) >= 6 and len(rest) % 2 == 0:
        across, down = rest[::2], rest[1::2]
        sides = min(across), min(down), max(across), max(down)
    else:
        return "its line has not 5 numbers", None
    if not all(-1 <= side <= 2 for side in sides):
        return "its numbers are no shares of the image", None
    return name, Box(*sides, shares=True)
