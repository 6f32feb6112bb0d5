"""Measurements on the images of one task: linear probes and short fine-tunings, new or known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from task2vec.data.sampling.sample import Sample, drawn_digest
from task2vec.data.task import Task
from task2vec.errors import Task2VecError
from task2vec.finetuning.probe_cache import SEED, KnownProbe, Pace, ProbeCache, machine
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.probe.registry import find_card
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.types import Likelihood

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

    def known(
        self, model: str | None, tuning: FineTuningSettings | None = None
    ) -> KnownProbe | None:
        """Return the measurement of a model by its `model_digest`; None where there was none.

        That is its linear probe or, with the settings of a ``tuning``, its short fine-tuning.
        """
        key = self._key(model, tuning)
        return None if key is None else self.cache.get(key)

    def keep(
        self, model: str | None, found: KnownProbe, tuning: FineTuningSettings | None = None
    ) -> None:
        """Keep a measurement of these images, for `known`."""
        key = self._key(model, tuning)
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
        """Probe a model and keep that; None where no image can be held out.

        Of exact copies of an image with one label, one counts. Near copies are held out together.
        The same images are drawn for every model, so that models can be compared. None where fewer
        than two classes have two different images, where an image may have several labels, and of
        a task that is all test.

        ``since`` is when the work began that counts as its seconds. ``progress`` takes (images that
        passed, images in all), each once when read and once when through the network. A model
        without a digest is known by the fingerprint of its weights. Raises as ``load`` does, and
        `SourceError`.
        """
        from task2vec.data.sampling.spool import draw_spooled
        from task2vec.embedding.inputs import features

        assert self.task is not None, "nothing can be measured without images"
        began, tell = self.now() if since is None else since, progress or (lambda *_: None)
        probe, own = load(), self.task.without("test")
        if own is None or own.likelihood is Likelihood.BERNOULLI:
            return None
        sample = draw_spooled(
            own,
            images=self.images,
            seed=SEED,
            transform=probe.preprocess,
            progress=lambda done, total: tell(done, 2 * total),
        )
        count, read = len(sample.images), self.now() - began
        batches: list[NDArray[np.float32]] = []
        for batch in features(probe, sample.images):
            batches.append(batch.cpu().numpy())
            tell(count + sum(map(len, batches)), 2 * count)
        pace = Pace(read, self.now() - began - read, count)
        accuracy = held_out_accuracy(sample, np.concatenate(batches))
        if accuracy is None:
            return None
        result = KnownProbe(accuracy, self.now() - began, pace, machine())
        # Where an image could not be decoded, others were drawn that the digest does not cover.
        if self._drawn is not None and frozenset(sample.keys) == self._drawn[1]:
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

    def _key(self, model: str | None, tuning: FineTuningSettings | None = None) -> str | None:
        if model is None or self._drawn is None:
            return None
        images = self._drawn[0]
        if tuning is None:
            return self.cache.key(images=images, model=model)
        # It trains and tests on other images than a probe, so that all files count.
        if not self.files:
            return None
        images = f"{images} {self.files} {self.images}"
        return self.cache.key(images=images, model=f"{model} {tuning}")

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


def held_out_accuracy(sample: Sample[Any], features: NDArray[np.float32]) -> ProbeAccuracy | None:
    """Return what a linear probe says of the images of a sample, held out in turn.

    ``features`` (N, D) are those of its images. Of exact copies with one label, one counts; near
    copies are held out together. None where no image can be held out.
    """
    from task2vec.recommendation.evidence.leaks import distinct_images, near_copies
    from task2vec.recommendation.measure.linear_probe import cross_validate

    kept = distinct_images(sample.hashes, sample.labels)
    return cross_validate(
        features[kept],
        sample.labels[kept],
        classes=len(sample.classes),
        groups=near_copies(sample.hashes[kept], sample.labels[kept]),
    )


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
