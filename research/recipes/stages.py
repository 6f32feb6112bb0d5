"""A network in two parts: what stays as it is, and the last stage, which is trained."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled
from task2vec.finetuning.training import Training, jitter
from task2vec.probe.probe import Pixels, Probe

#: Jittered versions of each image that the trunk has looked at once.
VIEWS = 4
_BATCH = 32


def split(backbone: nn.Module) -> tuple[nn.Module, nn.Module]:
    """Return the trunk and the last stage: the last block with the layer behind it, pooled."""
    parts = dict(backbone.named_children())
    if "conv_head" in parts:
        *before, last = parts["blocks"].children()
        trunk = nn.Sequential(parts["conv_stem"], parts["bn1"], *before)
        stage = nn.Sequential(last, parts["conv_head"], parts["bn2"], parts["global_pool"])
        return trunk, stage
    *before, last, head = parts["features"].children()
    stage = nn.Sequential(last, head, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(*before), stage


class CachedTraining(Training):
    """Training of a last stage on what the trunk said of each image in several ``views``.

    Each view is (N, C, h, w), of all N images; epochs take turns. The images of ``data`` are
    counted, and not looked at.
    """

    def __init__(
        self,
        stage: Probe,
        data: Labelled[Pixels],
        views: Sequence[Tensor],
        *,
        classifier: nn.Linear,
        settings: FineTuningSettings,
        rate: float,
    ) -> None:
        super().__init__(stage, data, classifier=classifier, settings=settings, rate=rate)
        self._views = views

    def inputs(self, chosen: NDArray[np.int64]) -> Tensor:
        """Return what the trunk says of the images at these positions, in this epoch's view."""
        return self._views[self.epoch % len(self._views)][chosen]


class StageTraining(CachedTraining):
    """Training of the last stage of a network, whose trunk looks at the images when it begins."""

    def __init__(
        self,
        start: Probe,
        data: Labelled[Pixels],
        *,
        classifier: nn.Linear,
        settings: FineTuningSettings,
        rate: float,
    ) -> None:
        trunk, stage = split(start.backbone)
        generator = torch.Generator().manual_seed(settings.seed)
        super().__init__(
            Probe(start.card, stage),
            data,
            [seen(start, trunk, data.images, generator) for _ in range(VIEWS)],
            classifier=classifier,
            settings=settings,
            rate=rate,
        )


def seen(
    start: Probe,
    trunk: nn.Module,
    images: tuple[Pixels, ...],
    generator: torch.Generator | None,
) -> Tensor:
    """Return what the trunk says of images, jittered where there is a generator."""
    found = []
    with torch.inference_mode():
        for first in range(0, len(images), _BATCH):
            inputs = start.to_input(images[first : first + _BATCH])
            if generator is not None:
                inputs = jitter(inputs, generator)
            found.append(trunk(inputs))
    return torch.cat(found).clone()
