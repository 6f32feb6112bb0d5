"""Builds the fresh tasks: ``python -m research.fresh.build [DIR] [--only NAME ...] [--record]``.

1.2 GB of downloads from Debian, npm and PyPI, each pinned by version and hash, then some minutes.
What is built is compared with ``research/results/fresh_tasks.json``, so that a later change is
noticed; ``--record`` writes that file and is for the one who adds a task. No image is in two tasks,
and none is that of an example. Needs x86-64 Linux, for the program that draws SVG files.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import PIL

from benchmarks.examples import ROOT
from examples.rebuild.drawing import pixel_hash
from examples.rebuild.packages import Package, PackageError, unpacked
from examples.rebuild.writing import chosen
from research import RESULTS
from research.development.build import written
from research.fresh.packages import ORIGINS
from research.fresh.source import FreshTask
from research.fresh.tasks import TASKS, cache

RECORD = RESULTS / "fresh_tasks.json"
#: A class with less is left out: half of its objects are trained on, others test.
LEAST_IMAGES, LEAST_OBJECTS = 8, 3
Files = dict[str, dict[str, bytes]]


def build(task: FreshTask, folder: Path, *, packages: Path, seen: set[str]) -> dict[str, Any]:
    """Write a task as class folders; return its record.

    ``seen`` are the hashes of the pixels that other tasks show; it grows. Raises `PackageError` if
    a package is missing or is another one, `ValueError` if fewer than two classes are left.
    """

    def unpack(package: Package) -> Path:
        return unpacked(package, packages)

    files = enough(chosen(task.task, task.task.drawings(unpack), seen))
    if len(files) < 2:
        raise ValueError(f"{task.name} has {len(files)} classes: its source is laid out otherwise")
    written(folder, files)
    return record(task, files)


def enough(files: Files) -> Files:
    """Return the classes that have images and objects enough."""
    return {
        label: images
        for label, images in files.items()
        if len(images) >= LEAST_IMAGES and len(_objects(images)) >= LEAST_OBJECTS
    }


def record(task: FreshTask, files: Files) -> dict[str, Any]:
    """Return what is known of a built task.

    ``sha256`` is of the names and pixels, so that another encoder of PNG files changes nothing.
    """
    digest = hashlib.sha256()
    for label, images in sorted(files.items()):
        for name, content in sorted(images.items()):
            digest.update(f"{label}/{name} {pixel_hash(content)}\n".encode())
    return {
        "family": task.family,
        "superfamily": task.superfamily,
        "asks": task.asks,
        "object": task.objects,
        "packages": [package.name for package in task.task.packages],
        "images": sum(len(images) for images in files.values()),
        "objects": sum(len(_objects(images)) for images in files.values()),
        "classes": {label: len(images) for label, images in files.items()},
        "sha256": digest.hexdigest(),
    }


def main() -> int:
    """Build; return 1, with a line on stderr, if a package cannot be had or a task is another."""
    parser = argparse.ArgumentParser(prog="python -m research.fresh.build")
    parser.add_argument("dir", type=Path, nargs="?", default=cache())
    parser.add_argument("--packages", type=Path, help="downloads go here; DIR/packages else")
    parser.add_argument("--only", nargs="+", default=[], help="names of tasks, to look at them")
    parser.add_argument("--record", action="store_true", help="write what is built as what is true")
    arguments = parser.parse_args()
    if arguments.record and arguments.only:
        parser.error("--record is of all tasks, --only of some: give one of them")
    out: Path = arguments.dir.resolve()
    packages: Path = (arguments.packages or out / "packages").resolve()
    seen = {pixel_hash(p.read_bytes()) for p in ROOT.rglob("*") if p.suffix in {".png", ".jpg"}}
    built: dict[str, Any] = {}
    for task in TASKS:
        if arguments.only and task.name not in arguments.only:
            continue
        try:
            built[task.name] = build(task, out / "tasks" / task.name, packages=packages, seen=seen)
        except PackageError as error:
            print(error, file=sys.stderr)
            return 1
        counts = built[task.name]["classes"]
        total, objects = built[task.name]["images"], built[task.name]["objects"]
        print(f"{task.name}: {total} images, {objects} objects, {counts}", file=sys.stderr)
    if arguments.record:
        RECORD.write_text(json.dumps(_whole(built), indent=1, ensure_ascii=False) + "\n", "utf-8")
        return 0
    return _compared(built)


def _whole(built: dict[str, Any]) -> dict[str, Any]:
    return {
        "pillow": PIL.__version__,
        "packages": {
            origin.package.name: {
                "version": origin.package.version,
                "sha256": origin.package.sha256,
                "licence": origin.licence,
                "rights": origin.rights,
            }
            for origin in ORIGINS
        },
        "tasks": built,
    }


def _compared(built: dict[str, Any]) -> int:
    """Return 1 and say so if a task is not the one that was recorded."""
    recorded = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {"tasks": {}}
    other = [name for name, task in built.items() if recorded["tasks"].get(name) != task]
    for name in other:
        print(
            f"{name} is not the task that {RECORD.name} records, which was built with Pillow "
            f"{recorded.get('pillow', 'unknown')} (here: {PIL.__version__}).",
            file=sys.stderr,
        )
    return 1 if other else 0


def _objects(images: dict[str, bytes]) -> Counter[str]:
    """Return the number of images of each object, whose names agree up to ``__``."""
    return Counter(Path(name).stem.partition("__")[0] for name in images)


if __name__ == "__main__":
    sys.exit(main())
