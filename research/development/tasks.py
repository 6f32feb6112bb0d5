"""The development tasks with their families, and where all that is computed of them is kept."""

import json
import os
from dataclasses import dataclass
from functools import cache as cache_result
from pathlib import Path

from benchmarks import examples


@dataclass(frozen=True)
class DevelopmentTask:
    """A folder of class folders; ``family`` names what it has in common with its relatives."""

    name: str
    family: str
    folder: Path


def cache() -> Path:
    """Return the folder for what is too large for the repository, made where it is missing.

    ``$TASK2VEC_BENCHMARK_CACHE``, else ``~/.cache/task2vec-benchmarks``, and in it ``development``.
    """
    default = Path.home() / ".cache" / "task2vec-benchmarks"
    path = Path(os.environ.get("TASK2VEC_BENCHMARK_CACHE", default)) / "development"
    path.mkdir(parents=True, exist_ok=True)
    return path


@cache_result
def development_tasks() -> dict[str, DevelopmentTask]:
    """Return the example tasks and those that `research.development.build` made, by name."""
    tasks = {
        name: DevelopmentTask(name, family, examples.folder(name))
        for name, family in examples.families().items()
    }
    listed = cache() / "families.json"
    built = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else {}
    for name, family in built.items():
        tasks[name] = DevelopmentTask(name, family, cache() / "tasks" / name)
    return tasks


#: What families still share: the images of one kind, whatever is asked of them.
SUPERFAMILIES = {
    **dict.fromkeys(("letters", "scripts", "styles", "digits"), "glyphs"),
    **dict.fromkeys(("emoji", "icons", "clip_art", "flags", "tones"), "drawn"),
    **dict.fromkeys(("sprites", "units", "terrain"), "game"),
    **dict.fromkeys(("satellite", "textures"), "photo"),
    "clothes": "clothes",
}


def choosing_families(families: set[str]) -> set[str]:
    """Return the half of the families that defaults are chosen on; the rest is for reporting.

    A fixed rule that looks at no result: every other one in alphabetical order, the first included.
    """
    return set(sorted(families)[::2])
