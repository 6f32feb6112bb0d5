"""Embedding in this process, on the best device at hand."""

from threading import Lock

import torch

from task2vec.data.task import Task
from task2vec.embedding.embedder import Embedded, Embedder, Progress
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.engine.allocator import keep_freed_memory
from task2vec.probe.probe import Probe
from task2vec.probe.registry import load_probe


class LocalEngine:
    """Loads each probe once and embeds one task at a time."""

    def __init__(self, device: str | None = None) -> None:
        self.device = torch.device(device or best_device())
        self._probes: dict[str, Probe] = {}
        self._lock = Lock()
        if self.device.type == "cpu":
            keep_freed_memory()

    def probe(self, reference: str) -> Probe:
        """Return a probe by name or reference, on this engine's device.

        Raises as `task2vec.probe.registry.load_probe` does.
        """
        with self._lock:
            if reference not in self._probes:
                probe = load_probe(reference)
                probe.backbone.to(self.device)
                self._probes[reference] = probe
            return self._probes[reference]

    def embed(
        self,
        task: Task,
        *,
        probe: str,
        settings: EmbeddingSettings,
        progress: Progress | None = None,
    ) -> Embedded:
        """Embed a task; raises `SourceError` when it cannot be embedded."""
        return Embedder(self.probe(probe), settings).embed(task, progress)


def best_device() -> str:
    """Return "cuda" where torch sees a GPU, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"
