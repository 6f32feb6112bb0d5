"""Search among stored embeddings."""

from task2vec.store.index.exact import ExactIndex
from task2vec.store.index.faiss import FaissIndex
from task2vec.store.index.live import LiveIndex
from task2vec.store.index.protocol import Role, TaskFilter, TaskIndex

__all__ = ["ExactIndex", "FaissIndex", "LiveIndex", "Role", "TaskFilter", "TaskIndex"]
