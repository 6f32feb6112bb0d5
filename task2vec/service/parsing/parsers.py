"""The functions that read what somebody sent, by name: they run in a process of their own.

Each takes and returns what JSON can hold. This module imports neither torch nor the database.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from task2vec.data.listing import list_images, list_unlabelled
from task2vec.service.parsing.embedding_files import read_details, read_embedding, read_hashes


class Parser(StrEnum):
    """What is read: the labelled images of a file, its images without labels, or an embedding."""

    LABELLED = "labelled"
    UNLABELLED = "unlabelled"
    EMBEDDING = "embedding"


def parse(parser: Parser, arguments: dict[str, Any]) -> Any:
    """Run a parser in this process. Raises what the parser raises."""
    return _FUNCTIONS[parser](**arguments)


def _labelled(*, path: str, name: str, suffix: str) -> tuple[int, int, tuple[str, ...]]:
    return list_images(Path(path), name=name, suffix=suffix)


def _unlabelled(*, path: str, name: str, suffix: str) -> tuple[int, int, tuple[str, ...]]:
    return list_unlabelled(Path(path), name=name, suffix=suffix)


def _embedding(*, path: str) -> None:
    """Raise `InputError` unless the file is an embedding that can be read within the limits."""
    _, embedding = read_embedding(Path(path))
    read_hashes(Path(path), embedding)
    read_details(Path(path), embedding)


_FUNCTIONS: dict[Parser, Callable[..., Any]] = {
    Parser.LABELLED: _labelled,
    Parser.UNLABELLED: _unlabelled,
    Parser.EMBEDDING: _embedding,
}
