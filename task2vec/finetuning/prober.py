"""Measurements on the images of one task: linear probes and short fine-tunings, new or known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING

from task2vec.data.sampling.drawn_digest import drawn_digest
from task2vec.data.task import Task
from task2vec.errors import Task2VecError
from task2vec.finetuning.probe_cache import SEED, KnownProbe, Pace, ProbeCache, machine
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.probe.registry import find_card

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe

#: Images that tell how long a model takes for all.
FEW = 8


@dataclass
class Prober:
    """Probes models on ``images`` images that are drawn from a task, none of a split called test.

    ``task`` is None where the images are not at hand: then what was measured before is known by the
    signature of their ``files``, and nothing new can be measured. Nothing needs torch until a model
    is measured. ``now`` is the clock, in seconds.
    """

    task: Task | None
    images: int
    cache: ProbeCache = field(default_factory=ProbeCache)
    now: Callable[[], float] = perf_counter
    files: str = ""

    def known(self, model: str | None) -> KnownProbe | None:
        """Return the probe of a model by its `model_digest`; None where it was not measured."""
        key = self._key(model)
        return None if key is None else self.cache.get(key)

    def keep(self, model: str | None, found: KnownProbe) -> None:
        """Keep a probe of these images that was measured elsewhere."""
        key = self._key(model)
        if key is not None:
            self.cache.put(key, found)

    def known_tuning(self, model: str | None, settings: FineTuningSettings) -> KnownProbe | None:
        """Return a short fine-tuning of a model; None where it was not measured."""
        key = self._tuning_key(model, settings)
        return None if key is None else self.cache.get(key)

    def keep_tuning(
        self, model: str | None, settings: FineTuningSettings, found: KnownProbe
    ) -> None:
        """Keep a short fine-tuning of a model on these images."""
        key = self._tuning_key(model, settings)
        if key is not None:
            self.cache.put(key, found)

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
        from task2vec.finetuning.probing import probe_images

        assert self.task is not None, "nothing can be measured without images"
        pace = Pacer(self.now() if since is None else since, progress, self.now)
        probe = load()
        accuracy, keys = probe_images(probe, self.task, images=self.images, progress=pace.hear)
        if accuracy is None:
            return None
        result = KnownProbe(accuracy, self.now() - pace.began, pace.pace, machine())
        # Where an image could not be decoded, others were drawn that the digest does not cover.
        drawn = self._drawn
        if drawn is not None and keys == drawn[1]:
            self.keep(model or probe.fingerprint, result)
        return result

    def time(self, probe: "Probe") -> Pace:
        """Return how long a loaded model takes for these images, by `FEW` of them."""
        from task2vec.data.sampling.spool import draw_spooled
        from task2vec.embedding.inputs import features

        assert self.task is not None, "nothing can be timed without images"
        own = self.task.without("test") or self.task
        began = self.now()
        few = draw_spooled(own, images=FEW, seed=SEED, transform=probe.preprocess).images
        read = self.now() - began
        # The first time through the network prepares what later ones find ready.
        for _ in range(2):
            began = self.now()
            for batch in features(probe, few):
                batch.cpu()
        images = min(self.images, len(own.entries))
        times = images / len(few)
        return Pace(read * times, (self.now() - began) * times, images)

    def _key(self, model: str | None) -> str | None:
        if model is None or self._drawn is None:
            return None
        return self.cache.key(images=self._drawn[0], model=model)

    def _tuning_key(self, model: str | None, settings: FineTuningSettings) -> str | None:
        # It trains and tests on other images than a probe, so that all files count.
        if model is None or self._drawn is None or not self.files:
            return None
        images = f"{self._drawn[0]} {self.files} {self.images}"
        return self.cache.key(images=images, model=f"{model} {settings}")

    @cached_property
    def _drawn(self) -> tuple[str, frozenset[str]] | None:
        """The digest of the images that are drawn, and their keys where these are at hand."""
        if self.task is None:
            if not self.files:
                return None
            # Of what never was at hand here, such as a server's data sets, the files are enough.
            noted = self.cache.drawn(self.files, self.images)
            return noted or sha256(f"{self.files} {self.images}".encode()).hexdigest(), frozenset()
        own = self.task.without("test")
        digest = None if own is None else drawn_digest(own, images=self.images, seed=SEED)
        if digest is not None and self.files:
            self.cache.note_drawn(self.files, self.images, digest[0])
        return digest


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
    about = f"{card.file_sha256} {card.architecture} {card.preprocessing} {query}"
    return sha256(about.encode()).hexdigest()


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
