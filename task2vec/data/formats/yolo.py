"""A tree with boxes in YOLO's text files and a YAML file that names the classes.

Format: https://docs.ultralytics.com/datasets/detect. Of an image ``images/a/1.jpg`` the boxes are
in ``labels/a/1.txt``, or beside it; a line is ``class x y width height``, x and y of the centre,
all as shares of the image's sides. A line with more corners is a polygon, of which the bounding box
is taken.
"""

import unicodedata
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from typing import Any

from task2vec.data.containers.tree import Tree
from task2vec.data.formats.crops import Box, Boxes
from task2vec.data.formats.lookup import Lookup
from task2vec.data.formats.yaml_subset import parse_yaml
from task2vec.data.pixels.limits import MAX_BOXES
from task2vec.data.task import SPLITS, Task
from task2vec.data.wording import plural, shown
from task2vec.errors import SourceError


def task_from_yolo(tree: Tree, *, name: str) -> Task | None:
    """Make one task of all boxes; None if no image has any or no YAML file names classes.

    Raises `SourceError` as `task_from_names` does, and for a file called ``...data...`` that is no
    YAML.
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
        if isinstance(document, dict) and document.get("names"):
            return task_from_names(tree, document, name=name, paper=paper)
    return None


def task_from_names(tree: Tree, document: dict[str, Any], *, name: str, paper: str) -> Task:
    """Make one task of all boxes, with the names and splits of a parsed document.

    ``paper`` is the path of the document in the tree. Raises `SourceError` where it names no
    classes, and where no usable boxes of two classes remain.
    """
    names = _names(document["names"], called=f"{shown(paper)} of {tree.source}")
    splits = _splits(tree, document, folder=str(PurePosixPath(paper).parent))
    return _task(tree, names, splits, name=name, paper=paper)


def _candidates(documents: Collection[str]) -> list[str]:
    found = [p for p in documents if p.lower().endswith((".yaml", ".yml")) and p.count("/") <= 1]
    return sorted(found, key=lambda p: (p.count("/"), "data" not in p.lower(), p))[:5]


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
    return {number: unicodedata.normalize("NFC", name.strip()) for number, name in pairs}


def _splits(tree: Tree, document: dict[str, Any], *, folder: str) -> dict[str, str | None]:
    """Return the split of each image; all images without one where the document names none."""
    images = tree.inventory.images
    found: dict[str, str | None] = {}
    for split in SPLITS:
        given = document.get(split, ())
        for place in [given] if isinstance(given, str) else given or ():
            if isinstance(place, str) and place:
                for key in _members(tree, place, folder=folder):
                    found.setdefault(key, split)
    return found or dict.fromkeys(images)


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


def _task(
    tree: Tree, names: dict[int, str], splits: dict[str, str | None], *, name: str, paper: str
) -> Task:
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
