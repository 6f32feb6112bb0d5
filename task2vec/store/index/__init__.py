"""Search among stored embeddings."""

from task2vec.store.index.exact import ExactIndex
from task2vec.store.index.protocol import Role, TaskIndex

__all__ = ["ExactIndex", "Role", "TaskIndex"]
