"""Four small tasks cut from the examples, and a store that the command line made of them."""

import contextlib
import io
import json
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from task2vec.finetuning.probe_cache import STORED

EXAMPLES = Path(__file__).parents[1] / "examples" / "tasks"
TASKS = ("emoji_food", "fashion_tops", "greek_capitals", "latin_small_letters")
CLASSES, IMAGES = 4, 8
#: What all processes of a run share.
folder: Path | None = None
#: What this process has for itself.
own_folder: Path | None = None
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


def forget_measured() -> None:
    """Remove what questions measured in this process's store: it would answer a later test."""
    if own_folder is not None:
        shutil.rmtree(own_folder / "small_store" / STORED, ignore_errors=True)


@lru_cache(maxsize=1)
def build() -> SmallStore:
    """Make the store once for all processes of a run; tests copy it before they write to it.

    Each process reads a copy of its own: SQLite's files come and go while a store is open, so that
    nothing may be copied that another process may have open.
    """
    from task2vec.cli.run import run

    assert folder is not None, "tests/conftest.py names it"
    assert own_folder is not None, "tests/conftest.py names it, too"
    root, own = folder / "small_store", own_folder / "small_store"
    printed = root / "printed.jsonl"
    with FileLock(f"{root}.lock"):
        if not printed.exists():
            for task in TASKS:
                cut(task, root / "sources" / task)
            output, options = io.StringIO(), ["--images", str(USED), "--json"]
            with contextlib.redirect_stdout(output):
                code = run(
                    ["batch", f"{root / 'sources'}", "--store", f"{root / 'store'}", *options]
                )
            assert code == 0, output.getvalue()
            printed.write_text(output.getvalue(), encoding="utf-8")
    shutil.copytree(root / "store", own)
    said = printed.read_text(encoding="utf-8")
    lines = tuple(json.loads(line) for line in said.splitlines())
    return SmallStore(own, root / "sources", lines, said)
