"""Jobs in the store: rows that survive every process that works on them."""

from task2vec.store.jobs.repository import Jobs
from task2vec.store.jobs.rows import StoredEvent

__all__ = ["Jobs", "StoredEvent"]
