"""Four small tasks cut from the examples, and a store that the command line made of them."""

import atexit
import contextlib
import io
import json
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from task2vec.finetune.measurement_files import STORED

EXAMPLES = Path(__file__).parents[1] / "examples" / "tasks"
TASKS = ("emoji_food", "fashion_tops", "greek_capitals", "latin_small_letters")
CLASSES, IMAGES = 4, 8
#: What is embedded of each task: six images of each class.
USED = 24


@dataclass(frozen=True)
class SmallStore:
    """``sources`` holds a folder for each task; ``lines`` is what ``batch --json`` printed."""

    store: Path
    sources: Path
    lines: tuple[dict[str, Any], ...]
    output: str


def cut(task: str, target: Path, *, classes: int = CLASSES, images: int = IMAGES) -> Path:
    """Copy the first images of the first classes of an example task, and return the folder."""
    folders = sorted(path for path in (EXAMPLES / task).iterdir() if path.is_dir())
    for folder in folders[:classes]:
        (target / folder.name).mkdir(parents=True)
        for image in sorted(folder.iterdir())[:images]:
            shutil.copy(image, target / folder.name)
    return target


def snapshot(folder: Path) -> dict[str, bytes] | None:
    """Return every file of a folder with its bytes; None where there is no folder.

    What a question measured is left out: it is a cache.
    """
    if not folder.exists():
        return None
    measured = folder / STORED
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and measured not in p.parents)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@lru_cache(maxsize=1)
def build() -> SmallStore:
    """Make the store once for all tests of a run; they copy it before they write to it."""
    from task2vec.cli.run import run

    root = Path(mkdtemp(prefix="task2vec-tests-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for task in TASKS:
        cut(task, root / "sources" / task)
    output, options = io.StringIO(), ["--images", str(USED), "--json"]
    with contextlib.redirect_stdout(output):
        code = run(["batch", f"{root / 'sources'}", "--store", f"{root / 'store'}", *options])
    assert code == 0, output.getvalue()
    lines = tuple(json.loads(line) for line in output.getvalue().splitlines())
    return SmallStore(root / "store", root / "sources", lines, output.getvalue())
