"""What is installed, what is missing, and how to mend it."""

import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from task2vec.data.wording import plural
from task2vec.errors import Task2VecError

if TYPE_CHECKING:
    from task2vec.store.sql.checksums import Damage

LOCAL_EXTRA = ("torch", "torchvision", "timm", "safetensors", "scikit-learn", "scipy", "pillow")
_STORE_PARTS = ("sqlalchemy", "alembic", "filelock", "faiss-cpu", "matplotlib")
# What nobody has who has not installed, at some time, what local work needs.
_LOCAL_ALONE = ("timm", "alembic", "faiss-cpu")
# Names of files in one line.
_SHOWN = 5
_CLIENT_PARTS = ("httpx2", "numpy", "pydantic")
_EXTRAS = (
    ("fastapi", "server", "`task2vec serve`"),
    ("uvicorn", "server", "`task2vec serve`"),
    ("pyarrow", "parquet", "Parquet files"),
    ("umap-learn", "umap", "`task2vec map --method umap`"),
    ("onnxscript", "onnx", "`task2vec models export MODEL FILE.onnx`"),
)


class State(StrEnum):
    """How a check ended: ``fault`` stops the main job, ``note`` does not."""

    FINE = "fine"
    NOTE = "note"
    FAULT = "fault"


@dataclass(frozen=True)
class Check:
    """One thing looked at; ``remedy`` where something can be mended."""

    name: str
    state: State
    found: str
    remedy: str | None = None


def examine(store: Path) -> Iterator[Check]:
    """Check the machine, the packages, the device, the weights and the store, in this order.

    Of a client's installation, which is meant to lack most of this, only what it has.
    """
    yield _python()
    if all(_package(name).state is State.FAULT for name in _LOCAL_ALONE):
        yield from _client()
        return
    for name in (*LOCAL_EXTRA, *_STORE_PARTS):
        yield _package(name)
    for name, extra, use in _EXTRAS:
        yield _package(name, extra=extra, use=use)
    yield _guarded("device", _device)
    yield _guarded("memory_setting", _memory_setting)
    yield _guarded("weights_cache", _weights_cache)
    yield from _weights()
    yield _guarded("store", _disk, store)
    yield _guarded("store", _store, store)
    yield from _quarantine(store)
    yield from _measurements(store)


def _python() -> Check:
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, "
    found += f"{os.cpu_count()} cores"
    fine = sys.version_info >= (3, 11)
    return Check(
        "python", State.FINE if fine else State.FAULT, found, None if fine else "Use Python 3.11+."
    )


def _client() -> Iterator[Check]:
    for name in _CLIENT_PARTS:
        yield _package(name)
    yield Check(
        "installation",
        State.NOTE,
        "a client: the work is done by a server (`--url`, `task2vec.Client(url)`)",
        "pip install 'task2vec[local]' to work on this machine, "
        "'task2vec[server]' to run a server on it",
    )


def _package(name: str, *, extra: str = "local", use: str = "") -> Check:
    """Look for a package, which is optional where it has a ``use`` of its own."""
    try:
        return Check(name, State.FINE, version(name))
    except PackageNotFoundError:
        remedy = f"pip install 'task2vec[{extra}]'"
        if not use:
            return Check(name, State.FAULT, "not installed", remedy)
        return Check(name, State.NOTE, "not installed (optional)", f"{remedy} for {use}")


def _device() -> Check:
    import torch

    if torch.cuda.is_available():
        return Check("device", State.FINE, f"cuda: {torch.cuda.get_device_name(0)}")
    return Check("device", State.FINE, f"cpu, {plural(torch.get_num_threads(), 'thread')}")


def _memory_setting() -> Check:
    from task2vec.embedding.allocator import keep_freed_memory

    if keep_freed_memory():
        return Check("allocator", State.FINE, "keeps freed memory, which makes CPU passes faster")
    return Check("allocator", State.NOTE, "no glibc: passes on the CPU may be slower")


def _weights_cache() -> Check:
    from task2vec.probe.cache import cache_folder

    folder = cache_folder()
    if _can_be_written(folder):
        return Check("cache", State.FINE, str(folder))
    return Check(
        "cache",
        State.NOTE,
        f"{folder} is no folder that can be written to: weights are converted at every start",
        "Set TASK2VEC_CACHE to a folder that is writable.",
    )


def _can_be_written(folder: Path) -> bool:
    """Return whether files could be put into a folder, which need not be there yet."""
    try:
        there = (path for path in (folder, *folder.parents) if path.is_symlink() or path.exists())
        nearest = next(there)
        return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    except OSError:
        # A folder above it may not be entered, or its name is too long.
        return False


def _weights() -> Iterator[Check]:
    from task2vec.probe.registry import known_cards, load_card

    for card in known_cards():
        if not card.packaged:
            found = "downloaded from the model hub when first used"
            yield Check(f"probe {card.name}", State.NOTE, found)
            continue
        try:
            probe = load_card(card)
        except (Task2VecError, ImportError) as error:
            yield Check(
                f"probe {card.name}", State.FAULT, str(error), "pip install 'task2vec[local]'"
            )
        else:
            found = f"weights intact, fingerprint {probe.fingerprint[:12]}"
            yield Check(f"probe {card.name}", State.FINE, found)


def _store(path: Path) -> Check:
    from task2vec.service.models.availability import losses, weights_of
    from task2vec.service.workspace import Workspace

    if not path.exists():
        return Check("store", State.NOTE, f"none yet in {path}", "`task2vec embed` creates it")
    with Workspace(path) as workspace:
        store = workspace.store()
        damaged = store.damages()
        if damaged:
            return _damaged(path, damaged)
        tasks = store.tasks.list()
        for task in tasks:
            store.tasks.embedding(task.id)
        models = store.models.list()
        lost = losses([(each, weights_of(workspace, each, every_byte=True)) for each in models])
        counts = f"{len(tasks)} tasks (all checksums right), {len(models)} models, "
        counts += f"{len(store.outcomes.list())} outcomes"
    if lost:
        found = "; ".join(loss.found for loss in lost)
        return Check("store", State.FAULT, found, " ".join(loss.remedy for loss in lost))
    return Check("store", State.FINE, f"{path}: {counts}")


def _disk(path: Path) -> Check:
    from task2vec.service.disk import LOW_BYTES, LOW_SHARE, disk_of

    disk = disk_of(path)
    if not disk.is_low:
        return Check("disk", State.FINE, disk.told)
    return Check(
        "disk",
        State.NOTE,
        f"nearly full: {disk.told}, less than {LOW_SHARE:.0%} and than {LOW_BYTES / 1e9:.1f} GB",
        "Make room, or remove tasks and experts that are no longer needed: `task2vec remove TASK`, "
        "`task2vec models remove MODEL`.",
    )


def _damaged(path: Path, damaged: "Sequence[Damage]") -> Check:
    found = "; ".join(
        f"{' '.join(filter(None, (each.table, each.key)))}: {each.found}".removeprefix(": ")
        for each in damaged[:_SHOWN]
    )
    more = f"; and {len(damaged) - _SHOWN} more" if len(damaged) > _SHOWN else ""
    remedy = "Restore the database from a backup, and see whether the disk is sound."
    if all(each.rowid is not None for each in damaged):
        remedy += (
            " Without a backup: parts of a task are mended by embedding it again, `task2vec embed "
            "SOURCE --name NAME --update`; other damaged rows are removed, with what hangs on "
            f"them, by `task2vec doctor --drop-damaged --store {quote(str(path))}`."
        )
    return Check(
        "store",
        State.FAULT,
        f"{path}: the database has {plural(len(damaged), 'damaged part')}: {found}{more}",
        remedy,
    )


def _quarantine(path: Path) -> Iterator[Check]:
    """Tell of the files in quarantine, where there are any."""
    from task2vec.service.quarantine import KEPT_DAYS, list_aside
    from task2vec.store.opening import DATABASE

    aside = list_aside(path)
    if not aside:
        return
    names = ", ".join(each.origin for each in aside[:_SHOWN])
    more = f" and {len(aside) - _SHOWN} more" if len(aside) > _SHOWN else ""
    size = sum(each.bytes for each in aside) / 1e6
    yield Check(
        "quarantine",
        State.NOTE,
        f"{plural(len(aside), 'file')} ({size:.1f} MB) put aside since {aside[0].since}: "
        f"{names}{more}",
        f"{DATABASE} is the database before damaged rows were removed. Other files are of rows "
        "that the database lacks: restore one that has them, and they are moved back. A server "
        f"removes all after {KEPT_DAYS} days. Remove them now with "
        f"`task2vec doctor --clean --store {quote(str(path))}`.",
    )


def _measurements(path: Path) -> Iterator[Check]:
    """Name the files among the measurements that are of no use, where there are any."""
    from task2vec.finetuning.probe_cache import STORED, unusable

    try:
        found = unusable(path / STORED)
    except OSError as error:
        told = f"{path / STORED} cannot be read: {error.strerror or error}"
        yield Check("measurements", State.NOTE, told, "Make it readable, or move it away.")
        return
    clean = f"`task2vec doctor --clean --store {quote(str(path))}`"
    kinds = (
        (found.damaged, "damaged", f"Remove damaged files with {clean}: they are measured again."),
        (found.partial, "half written", "A measurement a day later removes half written files."),
        (found.foreign, "not of task2vec", "Move files away that are not of task2vec."),
    )
    there = [kind for kind in kinds if kind[0]]
    if there:
        told = ", ".join(f"{plural(len(files), 'file')} {what}" for files, what, _ in there)
        names = [file.name for files, _, _ in there for file in files]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        yield Check(
            "measurements",
            State.NOTE,
            f"{path / STORED}: {told}: {', '.join(names[:_SHOWN])}{more}",
            " ".join(remedy for _, _, remedy in there),
        )


def _guarded(name: str, check: Callable[..., Check], *about: Path) -> Check:
    """Turn what a check raises into its finding: the doctor must outlive a sick patient."""
    try:
        return check(*about)
    except Task2VecError as error:
        return Check(name, State.FAULT, error.problem, error.remedy)
    except (ImportError, OSError) as error:
        return Check(name, State.FAULT, str(error), "pip install 'task2vec[local]'")
