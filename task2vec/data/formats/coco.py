"""Boxes in COCO's JSON.

Format: https://cocodataset.org/#format-data, "Object Detection".
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from task2vec.data.containers.folder import folder_tree
from task2vec.data.containers.tree import Tree
from task2vec.data.formats.columns import plain_name
from task2vec.data.formats.crops import Box, Boxes
from task2vec.data.formats.lookup import Lookup, near_folders, split_of
from task2vec.data.formats.source_format import SourceFile, SourceFormat
from task2vec.data.pixels.files import leads_out
from task2vec.data.pixels.limits import BYTES_PER_PART, FREE_PARTS
from task2vec.data.task import Task
from task2vec.data.wording import printable, shown
from task2vec.errors import SourceError

_CERTAIN = re.compile(r"instances.*|.*coco.*", re.IGNORECASE)
_LIKELY = re.compile(r"annotations?|train|val|valid|test", re.IGNORECASE)
_PARTS = ("images", "annotations", "categories")


class Coco(SourceFormat):
    """Boxes in COCO's JSON, as a file or in a tree; all boxes make one task."""

    suffixes = (".json",)

    def open_file(self, file: SourceFile) -> Task:
        """List the boxes of a file.

        The images are looked for below its folder, or below the folder above if it is called
        ``annotations`` and the file is trusted. Raises `SourceError` for other files, and as
        `_task` does.
        """
        path = file.path.resolve()
        document = _parse(file.contents(), called=file.source)
        if document is None:
            raise SourceError(
                f"{file.source} describes no boxes",
                expected="an object with the lists images, annotations and categories, as COCO has "
                "it",
                remedy="Labels of whole images go into a .csv or .jsonl file with path and label.",
            )
        beside = file.trusted and path.parent.name == "annotations"
        root = path.parent.parent if beside else path.parent
        tree = folder_tree(root, source=file.source, largest=file.largest)
        return _task(tree, {printable(str(path.relative_to(root))): document}, name=file.name)

    def open_tree(self, tree: Tree, *, name: str) -> Task | None:
        """List the boxes in a tree; None if no document is COCO's.

        Candidates lie in a folder ``annotations`` or are called ``instances...``, ``...coco...``,
        ``annotations`` or like a split; where some begin with ``instances``, the others (captions,
        key points) are left alone. Raises `SourceError` as `_task` does, and for a candidate that
        is no JSON, unless only its name of ``annotations`` or a split tells.
        """
        candidates = _candidates(tree.inventory.documents)
        if not candidates or not tree.inventory.images:
            return None
        documents = {}
        for paper, contents in tree.documents(candidates):
            try:
                document = _parse(contents, called=f"{shown(paper)} of {tree.source}")
            except SourceError:
                if _is_certain(PurePosixPath(paper)):
                    raise
                continue
            if document is not None:
                documents[paper] = document
        return _task(tree, documents, name=name) if documents else None


def _task(tree: Tree, documents: Mapping[str, dict[str, Any]], *, name: str) -> Task:
    """Make one task of the boxes in parsed documents, given by their paths in the tree.

    Crowds are left out. Raises `SourceError` for two images or categories under one id, and where
    no usable boxes of two classes remain.
    """
    lookup = Lookup(tree.inventory.images)
    boxes = Boxes(papers=list(documents))
    for paper, document in sorted(documents.items()):
        _take(document, paper=paper, tree=tree, lookup=lookup, boxes=boxes)
    return boxes.task(tree, name=name, kind="boxes in COCO's JSON")


def _candidates(documents: Collection[str]) -> list[str]:
    papers = [
        PurePosixPath(path)
        for path in documents
        if path.lower().endswith(".json") and path.count("/") <= 3
    ]
    named = [p for p in papers if _is_certain(p) or _LIKELY.fullmatch(p.stem)]
    instances = [p for p in named if p.stem.lower().startswith("instances")]
    return sorted(map(str, instances or named))


def _is_certain(paper: PurePosixPath) -> bool:
    return paper.parent.name == "annotations" or bool(_CERTAIN.fullmatch(paper.stem))


def _parse(contents: bytes, *, called: str) -> dict[str, Any] | None:
    """Return the document, or None if it is JSON of another kind; raises `SourceError`."""
    # Brackets within texts count too: descriptions have few.
    parts = contents.count(b"{") + contents.count(b"[")
    most = FREE_PARTS + len(contents) // BYTES_PER_PART
    if parts > most:
        raise SourceError(
            f"{called} has more lists and objects than any data set",
            expected=f"at most {most:,} in {len(contents):,} bytes",
            got=f"{parts:,}",
        )
    try:
        document = json.loads(contents)
    # Bytes in another encoding are a ValueError too; deep nesting exhausts the parser's stack.
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{called} is no JSON", got=str(error)) from error
    if not isinstance(document, dict) or not all(
        isinstance(document.get(part), list) for part in _PARTS
    ):
        return None
    return document


def _take(
    document: dict[str, Any], *, paper: str, tree: Tree, lookup: Lookup, boxes: Boxes
) -> None:
    called = f"{shown(paper)} of {tree.source}"
    names = {
        number: plain_name(name)
        for number, name in _named(document, "categories", "name", called=called)
    }
    images = {part["id"]: part for part in document["images"] if _has_id(part)}
    files = dict(_named(document, "images", "file_name", called=called))
    split = split_of(paper)
    near = near_folders(paper, split=split, images=tree.inventory.images)
    keys = {number: lookup.find(file, near=near) for number, file in files.items()}
    counts: Counter[Any] = Counter()
    for annotation in document["annotations"]:
        number = annotation.get("image_id") if isinstance(annotation, dict) else None
        if not isinstance(number, int | str) or number not in files:
            boxes.left_out["of an image that is not listed"].append(f"image {number!r:.40}")
            continue
        counts[number] += 1
        image = keys[number]
        key = f"{image or files[number]}#box {counts[number]}"
        why, box = _box(annotation, images[number])
        category = annotation.get("category_id")
        if image is None:
            outside = leads_out(files[number])
            boxes.left_out["its image leads out" if outside else "its image is not here"].append(
                key
            )
        elif annotation.get("iscrowd"):
            boxes.left_out["a crowd"].append(key)
        elif not isinstance(category, int | str) or not names.get(category):
            boxes.left_out["of an unknown category"].append(key)
        elif box is None:
            boxes.left_out[why].append(key)
        else:
            boxes.add(key, image, box, (names[category], split))


def _has_id(part: object) -> bool:
    return isinstance(part, dict) and isinstance(part.get("id"), int | str)


def _named(
    document: dict[str, Any], part: str, field: str, *, called: str
) -> Iterator[tuple[int | str, str]]:
    """Yield id and name of each entry; raises `SourceError` for two names under one id."""
    known: dict[int | str, str] = {}
    for entry in document[part]:
        name = entry.get(field) if _has_id(entry) else None
        if not isinstance(name, str) or not name.strip():
            continue
        if known.setdefault(entry["id"], name) != name:
            raise SourceError(
                f"Two of the {part} in {called} have one id",
                expected="an id for each",
                got=f"{entry['id']!r:.40} for {shown(known[entry['id']])} and {shown(name)}",
            )
        yield entry["id"], name


def _box(annotation: dict[str, Any], image: dict[str, Any]) -> tuple[str, Box | None]:
    """Return the box, or why there is none; ``bbox`` is x, y, width, height in pixels."""
    numbers = annotation.get("bbox")
    if not isinstance(numbers, list) or len(numbers) != 4:
        return "without four numbers", None
    if not all(isinstance(n, int | float) and abs(n) < 1e9 for n in numbers):
        return "its numbers are not finite", None
    x, y, width, height = map(float, numbers)
    across, down = image.get("width"), image.get("height")
    size = None
    if isinstance(across, int) and isinstance(down, int) and across > 0 and down > 0:
        size = across, down
    return "", Box(x, y, x + width, y + height, size=size)
