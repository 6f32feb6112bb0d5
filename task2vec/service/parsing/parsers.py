"""Reading what somebody sent, with a look at what it may hold, in a process of its own.

A parser takes and returns what JSON can hold. This module imports neither torch nor the database.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from task2vec.data.listing import list_images, list_unlabelled
from task2vec.service.parsing.bundles import read_checked
from task2vec.service.parsing.embeddings import read_details, read_embedding, read_hashes


class Parser(StrEnum):
    """What is read: a file's labelled images, those without labels, an embedding, or a bundle."""

    LABELLED = "labelled"
    UNLABELLED = "unlabelled"
    EMBEDDING = "embedding"
    BUNDLE = "bundle"


def parse(parser: Parser, arguments: dict[str, Any]) -> Any:
    """Run a parser in this process. Raises what the parser raises."""
    given = dict(arguments)
    return _FUNCTIONS[parser](Path(given.pop("path")), **given)


def _embedding(path: Path) -> None:
    """Raise `InputError` unless the file is an embedding that can be read within the limits."""
    _, embedding = read_embedding(path)
    read_hashes(path, embedding)
    read_details(path, embedding)


def _bundle(path: Path) -> None:
    """Raise `InputError` unless the file is a bundle that can be read within the limits."""
    read_checked(path)


_FUNCTIONS: dict[Parser, Callable[..., Any]] = {
    Parser.LABELLED: list_images,
    Parser.UNLABELLED: list_unlabelled,
    Parser.EMBEDDING: _embedding,
    Parser.BUNDLE: _bundle,
}
