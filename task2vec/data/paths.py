"""Paths that people write: they may be anything, and asking about one does not end in a crash."""

import os
from itertools import islice
from pathlib import Path

from task2vec.data.wording import typed
from task2vec.errors import SourceError
from task2vec.types.names import visible
from task2vec.types.near_names import asked_back, near_names

#: The folder of the store where neither an argument nor ``TASK2VEC_STORE`` names one.
DEFAULT_STORE = "task2vec-store"
#: Names that are looked at for one that is near: a folder may hold millions.
_NAMES = 2000


def default_store() -> str:
    """Return the store where no argument names one; an empty variable names none."""
    return os.environ.get("TASK2VEC_STORE") or DEFAULT_STORE


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


def not_opened(path: Path | str, error: OSError) -> SourceError:
    """Return the error for what the operating system does not give."""
    return SourceError(
        f"{visible(str(path))} cannot be opened",
        got=reason(error),
        remedy=look_there(Path(path)),
    )


def reason(error: OSError) -> str:
    """Return what the operating system says, in lower case."""
    return (error.strerror or str(error)).lower()


def look_there(path: Path) -> str:
    """Return the advice to list the folder where a path that cannot be opened should be."""
    folder, _ = _parting(path)
    there = f"Check the path and its permissions: `ls -l {typed(str(folder))}`."
    return " ".join(filter(None, (near_path(path), there)))


def near_path(path: Path, *, kind: str = "", holding: str = "") -> str | None:
    """Return the question after near paths, where the first missing part of a path should be.

    None where no name is near. ``kind`` says what they are; with ``holding``, only folders that
    hold this file are near.
    """
    folder, missing = _parting(path)
    try:
        with os.scandir(folder) as found:
            names = [entry.name for entry in islice(found, _NAMES)]
    except OSError:
        return None
    if holding:
        names = [name for name in names if (folder / name / holding).is_file()]
    near = [] if missing in names else near_names(missing, names)
    return asked_back([visible(str(folder / name)) for name in near], kind=kind)


def _parting(path: Path) -> tuple[Path, str]:
    """Return the folder above the first part of a path that is not there, and that part."""
    folder, missing = path.parent, path.name
    while not is_folder(folder) and folder != folder.parent:
        folder, missing = folder.parent, folder.name
    return folder, missing


def tidied(path: str) -> str:
    """Return a path without ``.``, ``..`` and doubled slashes; ``./NAME`` stays as it is.

    A path is returned unchanged where nothing is there, or where ``..`` behind a link leads
    elsewhere.
    """
    plain = os.path.normpath(path)
    if path.startswith("./") and not plain.startswith(("..", "/")):
        plain = f"./{plain}"
    try:
        same = Path(plain).samefile(path)
    except (OSError, ValueError):
        return path
    return plain if same else path
