"""The example tasks, with their families."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1] / "examples"
RESULTS = Path(__file__).parent / "results"


def families() -> dict[str, str]:
    """Return each example task's family, by the task's name."""
    tasks = tomllib.loads((ROOT / "tasks.toml").read_text(encoding="utf-8"))["tasks"]
    return {name: about["family"] for name, about in tasks.items()}


def folder(name: str) -> Path:
    """Return the folder of an example task."""
    return ROOT / "tasks" / name
