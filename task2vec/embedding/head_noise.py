"""How far apart two embeddings are because their heads were fitted on other images."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from task2vec.data.sample import Sample
from task2vec.distance import symmetric_distance, with_prior
from task2vec.embedding.inputs import batches
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.estimate import estimate_fisher
from task2vec.fisher.estimators import LabelNoise
from task2vec.probe.head import class_weights, fit_head
from task2vec.probe.probe import Pixels, Probe
from task2vec.types import Estimator

#: Images on which the two heads are compared: they cost two passes each.
_COMPARED = 32


def expected_refit_distance(
    probe: Probe,
    sample: Sample[Pixels],
    features: NDArray[np.floating],
    *,
    groups: NDArray[np.int64],
    settings: EmbeddingSettings,
    progress: Callable[[int, int], None] | None = None,
) -> float:
    """Return the expected symmetric distance that refitting the head adds between two repeats.

    Two heads are fitted on the two halves of the images (``groups`` (N,) even and odd; ``features``
    is (N, D)), and the Fisher information of a few images is taken under each with the same signs,
    so that the heads alone differ. A head on half of the images varies twice as much as one on
    all, so half of the distance is what two heads on all images would give.

    A few images see more of a difference than all would, since part of it averages out: with
    ``d(m) = a + b/m`` the distances on all m compared images and on their halves give a and b, and
    with them the distance on all N.
    """
    count, classes = len(sample.labels), len(sample.classes)
    step = max(1, count // _COMPARED)
    chosen = np.arange(0, count, step)
    labels = np.unique(sample.labels[chosen], return_inverse=True)[1]
    noise = LabelNoise(
        settings.estimator,
        images=len(chosen),
        classes=classes,
        draws=settings.draws,
        seed=settings.seed,
    )
    draws = classes if settings.estimator is Estimator.EXACT else settings.draws
    found = []
    for parity in (0, 1):
        half = groups % 2 == parity
        # A class that one half lacks lends it its images: the halves are then less different.
        lacking = np.setdiff1d(sample.labels, sample.labels[half])
        half |= np.isin(sample.labels, lacking)
        head = fit_head(
            features[half], sample.labels[half], classes=classes, penalty=settings.head_penalty
        )
        estimate = estimate_fisher(
            probe.backbone,
            head.on(probe.backbone),
            batches(probe, [sample.images[i] for i in chosen], batch_size=settings.batch_size),
            noise=noise,
            weights=class_weights(labels, int(labels.max()) + 1),
            groups=np.arange(len(chosen), dtype=np.int64) % 2,
            progress=_counted(progress, parity * len(chosen) * draws, 2 * len(chosen) * draws),
        )
        parts = np.stack([estimate.values, *estimate.replicates])
        found.append(with_prior(parts, settings.prior_precision))
    whole, *halves = symmetric_distance(*found)
    compared = len(chosen)
    averaging = max(0.0, float(np.mean(halves)) - float(whole)) * compared
    return max(0.0, float(whole) - averaging / compared + averaging / count) / 2


def _counted(
    progress: Callable[[int, int], None] | None, before: int, total: int
) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda done: progress(before + done, total)
