"""How far apart two embeddings are because their heads were fitted on other images."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from task2vec.data.sampling.sample import Sample
from task2vec.distance import symmetric_distance, with_prior
from task2vec.embedding.inputs import batches
from task2vec.embedding.label_noise import label_noise
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.estimate import estimate_fisher
from task2vec.probe.head import Head, class_weights, fit_head
from task2vec.probe.probe import Pixels, Probe

#: Images on which the two heads are compared: they cost two passes each.
_COMPARED = 32


def expected_refit_distance(
    probe: Probe,
    sample: Sample[Pixels],
    features: NDArray[np.floating],
    *,
    head: Head,
    groups: NDArray[np.int64],
    settings: EmbeddingSettings,
    progress: Callable[[int, int], None] | None = None,
) -> float:
    """Return the expected symmetric distance that refitting the head adds between two repeats.

    Two heads are fitted on the two halves of the images (``groups`` (N,) even and odd; ``features``
    is (N, D)), and the Fisher information of a few images is taken under each with the same signs,
    so that the heads alone differ; ``head`` is the one on all images. A head on half of the images
    varies twice as much as one on all, so half of the distance is what two heads on all images
    would give.

    A few images see more of a difference than all would, since part of it averages out: with
    ``d(m) = a + b/m`` the distances on all m compared images and on their halves give a and b, and
    with them the distance on all N.
    """
    count, classes = len(sample.labels), len(sample.classes)
    step = max(1, count // _COMPARED)
    chosen = np.arange(0, count, step)
    labels = sample.labels[chosen]
    noise = label_noise(settings, labels, head=head)
    # Not every class need be among them.
    present = labels if labels.ndim == 2 else np.unique(labels, return_inverse=True)[1]
    weights = class_weights(present, len(np.unique(present)))
    passed = len(chosen) * noise.passes
    precisions = []
    for parity in (0, 1):
        half = _with_all_classes(groups % 2 == parity, sample.labels)
        refitted = head
        # With one image a class a half is all images, whose head is there: many classes take long.
        if not half.all():
            refitted = fit_head(
                features[half], sample.labels[half], classes=classes, penalty=settings.head_penalty
            )
        estimate = estimate_fisher(
            probe.backbone,
            refitted.on(probe.backbone),
            batches(
                probe, [sample.images[i] for i in chosen.tolist()], batch_size=settings.batch_size
            ),
            noise=noise,
            weights=weights,
            groups=np.arange(len(chosen), dtype=np.int64) % 2,
            counted=probe.card.layers,
            progress=_counted(progress, parity * passed, 2 * passed),
        )
        parts = np.stack([estimate.values, *estimate.replicates])
        precisions.append(with_prior(parts, settings.prior_precision))
    whole, *halves = symmetric_distance(*precisions)
    compared = len(chosen)
    averaging = max(0.0, float(np.mean(halves)) - float(whole)) * compared
    return max(0.0, float(whole) - averaging / compared + averaging / count) / 2


def _with_all_classes(half: NDArray[np.bool_], labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return a half of the images, to which classes that it lacks have lent their images.

    The halves are then less different. Where an image may have several labels, the half needs
    images that have a class and images that lack it.
    """
    if labels.ndim == 1:
        return half | np.isin(labels, np.setdiff1d(labels, labels[half]))
    complete = half.copy()
    for value in (0, 1):
        having = labels == value
        complete |= having[:, ~having[half].any(axis=0)].any(axis=1)
    return complete


def _counted(
    progress: Callable[[int, int], None] | None, before: int, total: int
) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda done: progress(before + done, total)
