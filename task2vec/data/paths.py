"""Paths that people write: they may be anything, and asking about one does not end in a crash."""

from pathlib import Path

from task2vec.errors import SourceError
from task2vec.types.names import visible


def expanded(path: Path) -> Path:
    """Return a path with ``~`` replaced; one of a user whom nobody knows stays as it is."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_folder(path: Path) -> bool:
    """Whether a folder is there, also for what cannot be a path at all."""
    try:
        return path.is_dir()
    # Too long; text that the file system cannot hold.
    except (OSError, ValueError):
        return False


def check_there(path: Path) -> None:
    """Raise `SourceError` where nothing can be opened."""
    try:
        path.stat()
    except OSError as error:
        raise not_opened(path, error) from error
    except ValueError as error:
        raise SourceError(f"'{visible(str(path))[:200]}' is no path", got=str(error)) from error


def not_opened(path: Path, error: OSError) -> SourceError:
    """Return the error for what the operating system does not give."""
    return SourceError(
        f"{visible(str(path))} cannot be opened",
        got=(error.strerror or str(error)).lower(),
        remedy="Check the path and permissions.",
    )
