"""Linear probes on the images of one task: measured, or known from before."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING

from task2vec.data.drawn_digest import drawn_digest
from task2vec.data.task import Task
from task2vec.engine.probe_cache import KnownProbe, Pace, ProbeCache
from task2vec.errors import Task2VecError
from task2vec.probe.registry import find_card

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe

#: What images are drawn by: the same ones for every model.
SEED = 0


@dataclass
class Prober:
    """Probes models on ``images`` images that are drawn from a task, none of a split called test.

    Nothing needs torch until a model is measured. ``now`` is the clock, in seconds.
    """

    task: Task
    images: int
    cache: ProbeCache = field(default_factory=ProbeCache)
    now: Callable[[], float] = perf_counter

    def known(self, model: str | None) -> KnownProbe | None:
        """Return the probe of a model by its `model_digest`; None where it was not measured."""
        drawn = self._drawn
        if model is None or drawn is None:
            return None
        return self.cache.get(self.cache.key(images=drawn[0], model=model))

    def measure(
        self,
        load: "Callable[[], Probe]",
        model: str | None,
        *,
        since: float | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> KnownProbe | None:
        """Measure a model and keep the probe; None as `linear_probe` does.

        ``since`` is when the work began that counts as its seconds. A model without a digest is
        known by the fingerprint of its weights. Raises as ``load`` does, and `SourceError`.
        """
        from task2vec.engine.probing import probe_images

        pace = Pacer(self.now() if since is None else since, progress, self.now)
        probe = load()
        found, keys = probe_images(probe, self.task, images=self.images, progress=pace.hear)
        if found is None:
            return None
        result = KnownProbe(found, self.now() - pace.began, pace.pace)
        # Where an image could not be decoded, others were drawn that the digest does not cover.
        drawn = self._drawn
        if drawn is not None and keys == drawn[1]:
            model = model or probe.fingerprint
            self.cache.put(self.cache.key(images=drawn[0], model=model), result)
        return result

    @cached_property
    def _drawn(self) -> tuple[str, frozenset[str]] | None:
        own = self.task.without("test")
        return None if own is None else drawn_digest(own, images=self.images, seed=SEED)


def model_digest(ref: str, file_sha256: str | None) -> str | None:
    """Return a digest of a model's weights and preprocessing; None where only loading tells.

    ``ref`` is its reference, ``file_sha256`` that of the file of its weights, where it is one.
    """
    _, _, query = ref.partition("?")
    if file_sha256 is not None:
        return sha256(f"file {file_sha256} {query}".encode()).hexdigest()
    try:
        card = find_card(ref)
    except Task2VecError:
        return None
    if card.file_sha256 is None:
        return None
    told = f"{card.file_sha256} {card.architecture} {card.preprocessing} {query}"
    return sha256(told.encode()).hexdigest()


@dataclass
class Pacer:
    """Hears how a probe gets on: how long its images took to read, and in the network."""

    began: float
    tell: Callable[[int, int], None] | None
    now: Callable[[], float]
    pace: Pace = field(default_factory=Pace)

    def hear(self, done: int, total: int) -> None:
        """Take the number of images read and passed, and twice the number of images."""
        taken, images = self.now() - self.began, total // 2
        read = taken if done <= images else self.pace.read
        self.pace = Pace(read, taken - read, images)
        if self.tell is not None:
            self.tell(done, total)
