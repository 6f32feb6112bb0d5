"""A store with something of everything, made through the use cases."""

import subprocess
import sys
from pathlib import Path

from benchmarks.examples import folder

TASKS = ("greek_capitals", "fashion_tops", "emoji_food")


def fill(store: Path) -> None:
    """Embed a few example tasks with few images, and record outcomes on them."""
    for name in TASKS:
        _run("embed", str(folder(name)), "--images", "24", "--tag", "example", store=store)
    for name, accuracy in zip(TASKS, (0.81, 0.92, 0.77), strict=True):
        measured = ("efficientnet_lite0", name, "--accuracy", str(accuracy))
        _run("outcomes", "add", *measured, store=store)


def _run(*arguments: str, store: Path) -> None:
    command = [sys.executable, "-m", "task2vec", *arguments, "--store", str(store)]
    subprocess.run(command, check=True, capture_output=True)
