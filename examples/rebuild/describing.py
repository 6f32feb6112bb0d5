"""Write what a program and a reader should know of the built tasks."""

from collections.abc import Sequence
from pathlib import Path

from examples.rebuild.writing import Built


def write_descriptions(out: Path, built: Sequence[Built]) -> None:
    """Write ``tasks.toml``."""
