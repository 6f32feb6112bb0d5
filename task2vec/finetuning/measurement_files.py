"""The files of measurements in a folder: how one is read and checked, and which are of no use.

Only a file whose bytes were read and are wrong counts as damaged.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from task2vec.atomic_file import is_partial

#: The folder inside a store, which holds its measurements: they belong to the store.
STORED = "measured"
#: Files at most, of some 500 bytes each; the ones that were not used for longest go first.
MOST = 4096
#: What reading a damaged file raises, however it is damaged; deep nesting is a `RecursionError`.
WRONG = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
# Files of any other name in the folder are not ours: they are neither read nor removed.
_NAME = re.compile(r"[0-9a-f]{64}\.json")
# Bytes. A file has one digit per image, so that this holds a million of them.
_LARGEST = 1024 * 1024


def path_of(folder: Path, key: str) -> Path:
    """Return the place of the measurement with a ``key`` of 64 hexadecimal digits."""
    return folder / f"{key}.json"


def to_text(key: str, about: dict[str, Any]) -> str:
    """Return the text of the file that holds ``about``, with its checksum."""
    return json.dumps({**about, "sha256": _digest(key, about)})


def read_file(path: Path) -> dict[str, Any]:
    """Return what a file holds.

    Raises `OSError` where it cannot be read, and one of `WRONG` where its bytes are wrong.
    """
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(path.name)
    about: dict[str, Any] = json.loads(data)
    if about.pop("sha256") != _digest(path.stem, about):
        raise ValueError(path.name)
    return about


@dataclass(frozen=True)
class Unusable:
    """Files in a folder of measurements that are of no use: each costs nothing but its space.

    ``damaged``: the bytes are not those that were written. ``partial``: a killed process left it,
    and a later write removes it. ``foreign``: of another name, or no file.
    """

    damaged: tuple[Path, ...]
    partial: tuple[Path, ...]
    foreign: tuple[Path, ...]


def unusable(folder: Path) -> Unusable:
    """Return what is of no use in a folder of measurements, which need not exist.

    A file that cannot be read now is none of these. Raises `OSError` where the folder cannot be
    listed.
    """
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    own = {path for path in paths if _NAME.fullmatch(path.name) and path.is_file()}
    partial = {path for path in paths if is_partial(path)}
    return Unusable(
        tuple(path for path in paths if path in own and _is_damaged(path)),
        tuple(path for path in paths if path in partial),
        tuple(path for path in paths if path not in own | partial),
    )


def remove_damaged(store: Path) -> list[Path]:
    """Remove the damaged measurements of a store's folder; return those that are gone."""
    gone = []
    with suppress(OSError):
        for path in unusable(store / STORED).damaged:
            with suppress(OSError):
                path.unlink()
                gone.append(path)
    return gone


def _is_damaged(path: Path) -> bool:
    try:
        read_file(path)
    except OSError:
        return False
    except WRONG:
        return True
    return False


def forget(folder: Path) -> None:
    """Remove the oldest measurements beyond `MOST`; another process may do the same at once."""
    with suppress(OSError):
        own = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
        if len(own) <= MOST:
            return
        ages = []
        for path in own:
            with suppress(OSError):
                if path.is_file():
                    ages.append((path.stat().st_mtime, path))
        for _, path in sorted(ages)[: max(len(ages) - MOST, 0)]:
            with suppress(OSError):
                path.unlink()


def _digest(key: str, about: dict[str, Any]) -> str:
    return sha256(f"{key}{json.dumps(about, sort_keys=True)}".encode()).hexdigest()
