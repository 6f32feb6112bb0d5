"""Linear probes of starting models on a task's own images."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from task2vec.data.sampling.spool import draw_spooled
from task2vec.data.task import Task
from task2vec.embedding.inputs import features
from task2vec.finetuning.probe_cache import SEED
from task2vec.probe.probe import Probe
from task2vec.recommendation.evidence.leaks import distinct_images, near_copies
from task2vec.recommendation.measure.linear_probe import cross_validate
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.types import Likelihood

#: Told of (images that passed, images in all): once when read, once when through the network.
Progress = Callable[[int, int], None]


def linear_probe(
    probe: Probe, task: Task, *, images: int, progress: Progress | None = None
) -> ProbeAccuracy | None:
    """Return how many of ``images`` drawn from a task a linear classifier gets right.

    Of exact copies of an image with one label, one counts. Near copies are held out together.

    The same images are drawn for every model, so that models can be compared: none of a split
    called test, which tests what is made of the chosen model. None where fewer than two classes
    have two different images, where an image may have several labels, and of a task that is all
    test.

    Raises `SourceError` when the task cannot be read.
    """
    return probe_images(probe, task, images=images, progress=progress)[0]


def probe_images(
    probe: Probe, task: Task, *, images: int, progress: Progress | None = None
) -> tuple[ProbeAccuracy | None, frozenset[str]]:
    """Return what `linear_probe` does, and the keys of the images that were drawn."""
    own = task.without("test")
    if own is None or task.likelihood is Likelihood.BERNOULLI:
        return None, frozenset()
    tell = progress or (lambda _done, _total: None)
    sample = draw_spooled(
        own,
        images=images,
        seed=SEED,
        transform=probe.preprocess,
        progress=lambda done, total: tell(done, 2 * total),
    )
    count = len(sample.images)
    found: list[NDArray[np.float32]] = []
    for batch in features(probe, sample.images):
        found.append(batch.cpu().numpy())
        tell(count + sum(map(len, found)), 2 * count)
    kept = distinct_images(sample.hashes, sample.labels)
    accuracy = cross_validate(
        np.concatenate(found)[kept],
        sample.labels[kept],
        classes=len(sample.classes),
        groups=near_copies(sample.hashes[kept], sample.labels[kept]),
    )
    return accuracy, frozenset(sample.keys)
