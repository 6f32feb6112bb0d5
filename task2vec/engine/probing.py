"""Linear probes of starting models on a task's own images."""

from collections.abc import Callable

import numpy as np
import torch

from task2vec.data.sample import Sample, draw_sample
from task2vec.data.task import Task
from task2vec.probe.probe import Pixels, Probe
from task2vec.recommend.linear_probe import cross_validate
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.types import Likelihood

_BATCH = 16

#: Told of (images that passed, images in all): once when read, once when through the network.
Progress = Callable[[int, int], None]


def linear_probe(
    probe: Probe, task: Task, *, images: int, progress: Progress | None = None
) -> ProbeAccuracy | None:
    """Return how many of ``images`` drawn from a task a linear classifier gets right.

    The same images are drawn for every model, so that models can be compared. None where no class
    has two images, and where an image may have several labels. Raises `SourceError` when the task
    cannot be read.
    """
    if task.likelihood is Likelihood.BERNOULLI:
        return None
    tell = progress or (lambda _done, _total: None)
    sample: Sample[Pixels] = draw_sample(
        task,
        images=images,
        seed=0,
        transform=probe.preprocess,
        progress=lambda done, total: tell(done, 2 * total),
    )
    count = len(sample.images)
    features = []
    for first in range(0, count, _BATCH):
        batch = sample.images[first : first + _BATCH]
        with torch.inference_mode():
            features.append(probe.backbone(probe.to_input(batch)).cpu().numpy())
        tell(count + first + len(batch), 2 * count)
    return cross_validate(np.concatenate(features), sample.labels, classes=len(sample.classes))
