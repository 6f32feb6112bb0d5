"""Data sets that were sent to a server: taken in, kept for a while, removed."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import time

from task2vec.errors import NameTakenError, SourceError, TooLargeError, UnknownNameError
from task2vec.messages.datasets import StoredDataset
from task2vec.probe.weight_files import file_hash
from task2vec.service.disk import delete_though_full
from task2vec.service.parsing.parsers import Parser
from task2vec.service.quarantine import put_aside
from task2vec.service.uploads import disk_failures, move_into_place
from task2vec.service.workspace import Part, Workspace
from task2vec.store.sql.identity import check_name, new_id, time_text
from task2vec.store.store import Store

FORMATS = (".tar.gz", ".tar.bz2", ".tar.xz", ".tgz", ".tar", ".zip", ".npz", ".parquet")
"""What holds its own images. A list of paths or a folder means nothing on another machine."""

_FOLDER = "datasets"
# A file comes to its place before its row does: a younger one may be about to get it.
_ORPHAN_SECONDS = 3600.0
# The most names under which the same bytes are looked for: as many as a page shows a client.
_SAME_BYTES = 100


def format_of(filename: str) -> str:
    """Return the suffix of ``filename`` by which it is read.

    Raises `SourceError` for any that is not among `FORMATS`.
    """
    lower = filename.lower()
    for suffix in FORMATS:
        if lower.endswith(suffix):
            return suffix
    raise SourceError(
        "This is no kind of file that holds labelled images",
        expected=f"a name ending in {', '.join(FORMATS)}",
        got=repr(filename[-40:]),
        remedy="Pack the folder with one folder of images per class into a .zip or .tar.",
    )


def accept(
    workspace: Workspace,
    path: Path,
    *,
    name: str,
    suffix: str,
    retention: float,
    owner: str | None = None,
    sha256: str | None = None,
    warnings: tuple[str, ...] = (),
    labelled: bool = True,
    now: float | None = None,
) -> StoredDataset:
    """Take in the file ``path``, which must lie on the store's disk and is moved or removed.

    The same bytes under the same name are the data set that is there already, kept longer.

    Args:
        workspace: the store to take it into.
        path: what was received, its bytes on disk.
        name: what it is called; a task of it is called so by default.
        suffix: one of `FORMATS`.
        retention: for how many seconds it is kept.
        owner: the key that sent it.
        sha256: of its bytes, where the caller knows.
        warnings: what was found on the way, to be told beside what the listing finds.
        labelled: whether its images have labels; others can only be classified.
        now: seconds since 1970.

    Raises:
        SourceError: when it holds no labelled images that could be embedded, or no images at all
            where they need no labels.
        NameTakenError: when these bytes came without labels under this name before.
        SettingError: for a name that cannot be used.
        StoreFullError: when the disk is full. Nothing is kept then, or after any other error.
    """
    try:
        format_of(suffix)
        check_name(name)
        expires = (time() if now is None else now) + retention
        store = workspace.store(create=True)
        with disk_failures():
            sha256 = sha256 or file_hash(path)
        known = _known(workspace, store, path, sha256=sha256, name=name, expires=expires)
        if known is not None:
            if labelled:
                _check_labelled(known)
            return known
        return _add(
            workspace,
            path,
            StoredDataset(
                id=new_id("dst"),
                name=name,
                bytes=path.stat().st_size,
                sha256=sha256,
                format=suffix,
                images=0,
                classes=0,
                file="",
                expires=datetime.fromtimestamp(expires, UTC),
                warnings=warnings,
                owner=owner,
            ),
            labelled=labelled,
        )
    finally:
        path.unlink(missing_ok=True)


def check_upload(workspace: Workspace, *, sha256: str, name: str, size: int, largest: int) -> None:
    """Check what a request of ``size`` bytes would upload; bytes that are here need no upload.

    Raises:
        NameTakenError: when these bytes came without labels under this name before.
        TooLargeError: when they are more than the server takes.
    """
    store = workspace.store()
    if any(kept.classes for kept in store.datasets.page(limit=_SAME_BYTES, sha256=sha256)):
        return
    if size > largest:
        raise TooLargeError(
            "The body is too large", expected=f"at most {largest} bytes", got=f"{size} bytes"
        )
    known = store.datasets.find(sha256=sha256, name=name)
    if known is not None:
        _check_labelled(known)


def get_dataset(workspace: Workspace, id_: str) -> StoredDataset:
    """Return one data set; raises `UnknownNameError` with close matches."""
    return workspace.store().datasets.get(id_)


def list_datasets(
    workspace: Workspace,
    *,
    limit: int,
    before: tuple[str, str] | None = None,
    sha256: str | None = None,
) -> Part[StoredDataset]:
    """Return up to ``limit`` data sets from the place ``before`` on, newest first."""
    store = workspace.store()
    found = store.datasets.page(limit=limit + 1, before=before, sha256=sha256)
    last = found[limit - 1] if len(found) > limit else None
    return Part(found[:limit], None if last is None else (time_text(last.created), last.id))


def source_path(workspace: Workspace, dataset: StoredDataset) -> Path:
    """Return where a data set's bytes lie.

    Raises `SourceError` when somebody removed them from under the store.
    """
    path = workspace.path.absolute() / dataset.file
    if not path.is_file():
        raise SourceError(
            f"The images of data set {dataset.id} are gone",
            remedy="Upload them again.",
        )
    return path


def remove_dataset(workspace: Workspace, id_: str) -> StoredDataset:
    """Remove a data set and its bytes.

    Raises `UnknownNameError`, and `StateError` while a job needs it.
    """

    def delete() -> StoredDataset:
        removed = workspace.store().datasets.remove(id_)
        _unlink(workspace, removed)
        return removed

    return delete_though_full(workspace.path, delete)


def sweep(workspace: Workspace, now: float | None = None) -> list[StoredDataset]:
    """Remove the data sets whose retention is over, unless a job needs them; return them.

    Files that have no row are put into quarantine.

    Raises:
        StoreCorruptError: when a row is damaged: no file is put into quarantine then.
    """
    now = time() if now is None else now
    store = workspace.store()

    def expire() -> list[StoredDataset]:
        over = store.datasets.expire(now)
        for record in over:
            _unlink(workspace, record)
        return over

    removed = delete_though_full(workspace.path, expire)
    folder = workspace.path / _FOLDER
    # Listed before the rows are read: what is younger than the list is not in it.
    files = list(folder.iterdir()) if folder.is_dir() else []
    owned = store.datasets.digests()
    for path in files:
        # Gone by now, or it cannot be moved: the next sweep tries again.
        with suppress(OSError):
            old = now - path.stat().st_mtime > _ORPHAN_SECONDS
            if old and f"{_FOLDER}/{path.name}" not in owned:
                put_aside(workspace.path, path, now=now)
    return removed


def _check_labelled(known: StoredDataset) -> None:
    if not known.classes:
        raise NameTakenError(
            f"These bytes came without labels under the name '{known.name}' before",
            remedy=f"Send them under another name, or remove data set {known.id} first.",
        )


def _known(
    workspace: Workspace, store: Store, path: Path, *, sha256: str, name: str, expires: float
) -> StoredDataset | None:
    """Return the data set that these bytes under this name are already."""
    known = store.datasets.find(sha256=sha256, name=name)
    if known is None:
        return None
    try:
        kept = store.datasets.prolong(known.id, expires=expires)
    except UnknownNameError:
        return None
    _give(workspace, kept, path)
    return kept


def _give(workspace: Workspace, kept: StoredDataset, path: Path) -> None:
    """Move a file with a data set's bytes to where they lie, if somebody removed them there."""
    if not (workspace.path / kept.file).is_file():
        move_into_place(path, workspace.path / kept.file)


def _add(
    workspace: Workspace, path: Path, record: StoredDataset, *, labelled: bool
) -> StoredDataset:
    # Its suffix decides how a file is read.
    with disk_failures():
        path = path.replace(path.with_name(f"{record.id}{record.format}"))
    target = workspace.path / _FOLDER / path.name
    try:
        parser = Parser.LABELLED if labelled else Parser.UNLABELLED
        images, classes, told = workspace.parse(
            parser, path, name=record.name, suffix=record.format
        )
        move_into_place(path, target)
        kept = workspace.store().datasets.add(
            record.model_copy(
                update={
                    "images": images,
                    "classes": classes,
                    "warnings": (*record.warnings, *told),
                    "file": f"{_FOLDER}/{path.name}",
                }
            )
        )
        if kept.id != record.id:
            # The same bytes were sent at the same time, and have come first.
            _give(workspace, kept, target)
            target.unlink(missing_ok=True)
        return kept
    except BaseException:
        path.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
        raise


def _unlink(workspace: Workspace, record: StoredDataset) -> None:
    # It was to go. Where that fails now, the next sweep puts it into quarantine.
    with suppress(OSError):
        os.unlink(workspace.path / record.file)  # noqa: PTH108
