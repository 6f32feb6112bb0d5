"""Short questions about stored tasks."""

from task2vec.store.database import Database
from task2vec.store.task_rows import elements_of, spaces_of, task_named
from task2vec.types import Space, TaskRecord


class TaskLookups:
    """The part of `Tasks` that answers in no time, however many tasks there are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def named(self, name: str) -> TaskRecord | None:
        """Return the task of this name, if there is one; unlike `Tasks.get` suggest no other."""
        with self._database.read() as connection:
            return task_named(connection, name)

    def elements(self, space: Space) -> int | None:
        """Return how many elements the embeddings of ``space`` have; None without any."""
        with self._database.read() as connection:
            return elements_of(connection, space)

    def fingerprints(self, probe: str) -> list[str]:
        """Return the fingerprints of the probes of this name that tasks were embedded with."""
        with self._database.read() as connection:
            return sorted({space.probe for space in spaces_of(connection, probe=probe)})
