"""Embedding in this process, on the best device at hand."""

import gc
from threading import Lock
from typing import NamedTuple

import torch

from task2vec.data.task import Task
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.embedding.embedder import Embedded, Embedder, ErrorSoFar, Progress
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.errors import SettingError
from task2vec.probe.probe import Probe
from task2vec.probe.registry import load_probe

#: More than are packaged; an expert or a model of the hub takes some hundred megabytes.
_KEPT = 8


class _Wanted(NamedTuple):
    """What is embedded, and how."""

    listing: tuple[object, ...]
    probe: Probe
    settings: EmbeddingSettings


class LocalEngine:
    """Embeds one task at a time; keeps the probes that were used last, so that each loads once.

    It also keeps the last embedding: who asks for a recommendation of a folder often goes on to
    store it or to fine-tune on it.
    """

    def __init__(self, device: str | None = None) -> None:
        self.device = torch.device(device or best_device())
        #: The last used at the end.
        self._probes: dict[str, Probe] = {}
        self._last: tuple[_Wanted, Embedded] | None = None
        self._lock = Lock()
        if self.device.type == "cpu":
            keep_freed_memory()

    def probe(self, reference: str) -> Probe:
        """Return a probe by name or reference, on this engine's device.

        Raises as `task2vec.probe.registry.load_probe` does.
        """
        with self._lock:
            probe = self._probes.pop(reference, None)
            if probe is None:
                probe = load_probe(reference)
                probe.backbone.to(self.device)
            self._probes[reference] = probe
            while len(self._probes) > _KEPT:
                del self._probes[next(iter(self._probes))]
            return probe

    def free_memory(self) -> None:
        """Give up what can be loaded again, as after an allocation that failed."""
        with self._lock:
            self._probes.clear()
            self._last = None
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def embed(
        self,
        task: Task,
        *,
        probe: str,
        settings: EmbeddingSettings,
        progress: Progress | None = None,
        error: ErrorSoFar | None = None,
    ) -> Embedded:
        """Embed a task; raises `SourceError` when it cannot be embedded.

        The task that was embedded last is not embedded again, as long as its files have the sizes
        and times that they had then.
        """
        wanted = _Wanted(_listing(task), self.probe(probe), settings)
        last = self._last
        if last is not None and last[0] == wanted:
            return last[1]
        # Two samples at a time would take twice the memory.
        self._last = last = None
        found = Embedder(wanted.probe, settings).embed(task, progress, error)
        self._last = wanted, found
        return found


def _listing(task: Task) -> tuple[object, ...]:
    """Return all of a task but its name, and what reads it, which may hold all images."""
    return task.classes, task.entries, task.source, task.signature, task.warnings


def usable_device(name: str) -> str:
    """Return the name of a device if torch can use it; raises `SettingError`."""
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    # torch and the drivers raise RuntimeError, AssertionError, NotImplementedError, ...
    except Exception as error:
        raise SettingError(
            "This device cannot be used",
            expected="cpu, or cuda:N for a GPU that torch sees",
            got=f"{name!r}: {str(error).partition(chr(10))[0]}",
        ) from error
    return name


def best_device() -> str:
    """Return "cuda" where torch sees a GPU, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"
