"""Jobs in the store: rows that survive every process that works on them."""

from task2vec.store.jobs.events import StoredEvent
from task2vec.store.jobs.repository import Jobs

__all__ = ["Jobs", "StoredEvent"]
