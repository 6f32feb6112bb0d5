"""The bundle of known tasks that ships with the package: read where it lies, and in no store."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from task2vec.embedding.bundle import BundledTask
from task2vec.embedding.bundle_file import read_bundle
from task2vec.messages.bundles import SHIPPED, Bundle
from task2vec.messages.outcomes import StoredOutcome
from task2vec.service.bundles.usable import usable_outcomes
from task2vec.store.store import Store
from task2vec.types import Space

FILE = f"{SHIPPED}.bundle"
#: Before the name of a shipped task in its id, which thus is none of a store's.
_PREFIX = "shipped:"


@dataclass(frozen=True, eq=False)
class Shipped:
    """What ships: the ``tasks`` by their ids, and the outcomes of packaged models on them."""

    bundle: Bundle
    tasks: Mapping[str, BundledTask]
    outcomes: Sequence[StoredOutcome]

    @property
    def space(self) -> Space:
        """The space of all of them: that of the default probe with its default settings."""
        return next(iter(self.tasks.values())).embedding.space

    def name_of(self, id_: str) -> str:
        """Return the name that a task would have if its bundle had been imported."""
        return f"{self.bundle.name}/{self.tasks[id_].name}"


@cache
def shipped() -> Shipped:
    """Return the bundle that this version ships, read once; its checksums are compared.

    Raises `InputError` for a file that was damaged since it was installed.
    """
    with shipped_file() as path:
        content = read_bundle(path)
    outcomes, _ = usable_outcomes(content)
    ids = {task.name: f"{_PREFIX}{task.name}" for task in content.tasks}
    placed = [
        outcome.model_copy(update={"task": ids[outcome.task], "bundle": content.name})
        for outcome in outcomes
    ]
    record = content.record().model_copy(update={"outcomes": len(placed), "shipped": True})
    return Shipped(record, {ids[task.name]: task for task in content.tasks}, placed)


def shipped_file() -> AbstractContextManager[Path]:
    """Return the file that ships, for as long as it is looked at."""
    return as_file(files(__package__).joinpath(FILE))


def is_shipped(task: str) -> bool:
    """Return whether an id is one of a shipped task, of which a store knows nothing."""
    return task.startswith(_PREFIX)


def shipped_beside(store: Store | None) -> Shipped | None:
    """Return what ships, None where the store has imported the same contents."""
    found = shipped()
    if store is not None and any(b.sha256 == found.bundle.sha256 for b in store.bundles.list()):
        return None
    return found
