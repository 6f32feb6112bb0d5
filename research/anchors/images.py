"""The anchors, and what the starting models see in them, computed once and kept."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from research.development.tasks import DevelopmentTask, cache, development_tasks
from research.transfer.features import Features, kept_features
from research.transfer.zoo import Starting
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import draw_sample
from task2vec.probe.probe import Pixels, Probe

#: Images of each task, spread over its classes.
PER_TASK = 8


@dataclass(frozen=True, eq=False)
class Anchors:
    """Images of all development tasks, which ``probe`` prepares as every starting model needs."""

    probe: Probe

    @cached_property
    def families(self) -> NDArray[np.str_]:
        """(N,) the family of the task that each image is of."""
        return np.repeat([task.family for task in development_tasks().values()], PER_TASK)

    @cached_property
    def images(self) -> list[Pixels]:
        """The N images, task by task."""
        return [image for task in development_tasks().values() for image in self._of(task)]

    def _of(self, task: DevelopmentTask) -> list[Pixels]:
        # A sample has two images of each class at least, which may be more than are wanted.
        images = draw_sample(
            open_source(task.folder), images=PER_TASK, seed=0, transform=self.probe.preprocess
        ).images
        places = np.linspace(0, len(images) - 1, PER_TASK).round().astype(int)
        return [images[i] for i in places]

    def features_of(self, model: Starting) -> Features:
        """Return the (N, D) features of a model of the probe's architecture."""
        return kept_features(model, self.images, cache() / "anchors" / f"{model.name}.npy")
