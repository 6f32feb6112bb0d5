"""The truth: records and vectors in SQL."""

from task2vec.store.index import ExactIndex, Role, TaskIndex
from task2vec.store.sql import schema_service as schema_service
from task2vec.store.sql.identity import new_id, now
from task2vec.store.store import Store

__all__ = ["ExactIndex", "Role", "Store", "TaskIndex", "new_id", "now"]
