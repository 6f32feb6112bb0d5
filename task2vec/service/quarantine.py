"""Files of a store that no row of its database knows: put aside, brought back, removed at last.

Copies of the database from before damaged rows were removed lie there too, and stay there.

A file without a row may be rubbish that a killed process left. It may also belong to a row that a
lost or restored database no longer has. Nobody can tell the two apart, so it is moved, not removed.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

from task2vec.atomic_file import move_durably
from task2vec.errors import StoreError
from task2vec.probe.weight_files import file_hash
from task2vec.store.store import Store

#: For how many days a file is kept at least.
KEPT_DAYS = 30
_FOLDER = "quarantine"
# The day, and a number where a file of the same name was put aside on that day before.
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(\.[0-9]+)?")
_STORED = "store:"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PutAside:
    """A file in quarantine: where it lies, where it lay (relative to the store), and since when."""

    path: Path
    origin: str
    since: date
    bytes: int


def put_aside(store: Path, path: Path, *, now: float) -> Path:
    """Move a file that no row knows into the quarantine of the store; return its new place.

    Raises:
        OSError: when it cannot be moved; it is then where it was.
    """
    origin = path.relative_to(store)
    target = free_place(store, origin.as_posix(), now=now)
    move_durably(path, target)
    _LOG.warning(
        "%s belongs to nothing in the database: moved to %s and kept for %d days",
        origin,
        target.relative_to(store),
        KEPT_DAYS,
    )
    return target


def free_place(store: Path, origin: str, *, now: float) -> Path:
    """Return where the file ``origin`` of a store is put that goes into quarantine now."""
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    places = (store / _FOLDER / (day if i == 0 else f"{day}.{i}") / origin for i in count())
    return next(place for place in places if not place.exists())


def list_aside(store: Path) -> list[PutAside]:
    """Return the files in quarantine, those that came first at the beginning."""
    return sorted(_files(store), key=lambda each: (each.since, each.origin))


def bring_back(store: Store) -> list[str]:
    """Move files in quarantine back whose row is in the database again; return their places.

    A file that cannot be read or moved stays where it is, with a line in the log.
    """
    aside = list_aside(store.path)
    try:
        known = _known(store) if aside else {}
    except StoreError as error:
        # A damaged row is for those to hear of who read it.
        _LOG.warning("The quarantine cannot be compared with the database: %s", error)
        return []
    back = []
    for each in aside:
        target = store.path / each.origin
        if each.origin not in known or target.exists():
            continue
        try:
            if not _is_missed(store.path, each, known):
                continue
            move_durably(each.path, target)
        except OSError as error:
            _LOG.warning("%s cannot be moved back to %s: %s", each.path, each.origin, error)
            continue
        _LOG.warning("%s is known to the database again: moved back", each.origin)
        back.append(each.origin)
    _remove_empty(store.path)
    return back


def remove_aside(store: Store, *, before: date | None = None) -> list[PutAside]:
    """Remove the files in quarantine that were put there before a day, or all; return them.

    A file stays that a row knows, unless the same bytes are in their place. So does one that cannot
    be read to compare it, with a line in the log.

    Raises:
        StoreError: when the rows cannot be read; nothing is removed then.
    """
    over = [each for each in list_aside(store.path) if before is None or each.since < before]
    try:
        known = _known(store) if over else {}
    except StoreError as error:
        error.problem = f"Nothing was removed from the quarantine: {error.problem}"
        raise
    removed = []
    for each in over:
        try:
            if _is_missed(store.path, each, known):
                continue
            each.path.unlink(missing_ok=True)
        except OSError as error:
            _LOG.warning("%s cannot be removed from the quarantine: %s", each.path, error)
            continue
        _LOG.warning("%s was removed from the quarantine", each.path.relative_to(store.path))
        removed.append(each)
    _remove_empty(store.path)
    return removed


def remove_old(store: Store, *, now: float) -> list[PutAside]:
    """Remove what has been in quarantine for more than `KEPT_DAYS`, as `remove_aside` does."""
    today = datetime.fromtimestamp(now, UTC).date()
    return remove_aside(store, before=today - timedelta(days=KEPT_DAYS))


def _files(store: Path) -> Iterator[PutAside]:
    for folder in (store / _FOLDER).glob("*"):
        match = _DAY.fullmatch(folder.name)
        if match is None:
            continue
        since = date.fromisoformat(match[1])
        for path in folder.rglob("*"):
            if path.is_file():
                origin = path.relative_to(folder).as_posix()
                yield PutAside(path, origin, since, path.stat().st_size)


def _known(store: Store) -> Mapping[str, str | None]:
    """Return the files that rows know, with the SHA-256 of their bytes where it is stored."""
    checkpoints = {
        model.ref.removeprefix(_STORED): model.sha256
        for model in store.models.list()
        if model.ref.startswith(_STORED)
    }
    return {**checkpoints, **store.datasets.digests()}


def _is_missed(store: Path, aside: PutAside, known: Mapping[str, str | None]) -> bool:
    """Whether a row knows the bytes of a file in quarantine, and they are not in their place."""
    if aside.origin not in known:
        return False
    digest, place = file_hash(aside.path), store / aside.origin
    if known[aside.origin] not in (None, digest):
        return False
    return not place.is_file() or file_hash(place) != digest


def _remove_empty(store: Path) -> None:
    for folder in sorted((store / _FOLDER).rglob("*"), reverse=True):
        if folder.is_dir():
            # It holds something still, or somebody may only read.
            with suppress(OSError):
                folder.rmdir()
