"""Embeddings of sources and targets, as the default embeds some images of a task."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from research.large_zoo.images import TaskImages, embedding_probe, folder, pixels_of
from research.transfer.targets import Indices
from task2vec.distance import (
    complexity,
    information_distance,
    noiseless_distances,
    symmetric_matrix,
    trivial_embedding,
    with_prior,
)
from task2vec.embedding.class_scatter import class_scatter
from task2vec.embedding.label_noise import label_noise
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.estimate import deal_groups, estimate_fisher
from task2vec.probe.head import class_weights, fit_head
from task2vec.probe.head_information import head_nats
from task2vec.recommendation.evidence.world import Matrix
from task2vec.types.scatter import ClassScatter

SETTINGS = EmbeddingSettings()
_BATCH = 16


@dataclass(frozen=True, eq=False)
class Embedded:
    """What the product knows of a task: elements (n,), those of eight groups (8, n), the scatter.

    ``nats``, ``accuracy`` and ``loss`` are of the head.
    """

    values: NDArray[np.float32]
    groups: NDArray[np.float32]
    scatter: ClassScatter | None
    nats: float
    accuracy: float
    loss: float

    @property
    def complexity(self) -> float:
        """The symmetric distance to the trivial task."""
        prior = SETTINGS.prior_precision
        trivial = trivial_embedding(self.values.size, prior)
        return float(complexity(with_prior(self.values, prior), trivial))


def embedded(name: str, images: TaskImages, rows: Indices, labels: Indices) -> Embedded:
    """Embed images of a task, those at ``rows`` (n,) with ``labels`` (n,), and keep it by a name.

    Of more images than an embedding uses, those of all classes are taken in turn.
    """
    path = _path(name)
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        chosen = in_turn(labels, SETTINGS.images)
        _save(path, _embedded(images, rows[chosen], labels[chosen]))
    return read_embedded(name)


def read_embedded(name: str) -> Embedded:
    """Return what was kept by a name."""
    with np.load(_path(name)) as file:
        scatter = file["scatter"].tobytes()
        known = ClassScatter.from_bytes(scatter) if scatter else None
        return Embedded(file["values"], file["groups"], known, *map(float, file["head"]))


def in_turn(labels: Indices, most: int) -> Indices:
    """Return the positions, in order, of at most so many of (n,) images: each class in turn."""
    turns = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        mine = np.flatnonzero(labels == label)
        turns[mine] = np.arange(len(mine))
    return np.sort(np.lexsort((labels, turns))[:most])


def _embedded(images: TaskImages, rows: Indices, labels: Indices) -> Embedded:
    probe, classes = embedding_probe(), int(labels.max()) + 1
    features = images.features[rows]
    head = fit_head(features, labels, classes=classes, penalty=SETTINGS.head_penalty)
    everything = [pixels for name in images.tasks for pixels in pixels_of(name)]
    pixels = [everything[row] for row in rows]
    estimate = estimate_fisher(
        probe.backbone,
        head.on(probe.backbone),
        (probe.to_input(pixels[first : first + _BATCH]) for first in range(0, len(rows), _BATCH)),
        noise=label_noise(SETTINGS, labels, head=head),
        weights=class_weights(labels, classes),
        groups=deal_groups(labels),
        counted=probe.card.layers,
    )
    return Embedded(
        values=estimate.values.astype(np.float32),
        groups=estimate.replicates.astype(np.float32),
        scatter=class_scatter(features, labels, classes=classes),
        nats=head_nats(head, features, labels, penalty=SETTINGS.head_penalty).noise,
        accuracy=head.fit.training_accuracy,
        loss=head.fit.loss,
    )


def plain_distances(rows: list[Embedded], columns: list[Embedded]) -> Matrix:
    """Return (m, k) symmetric distances as they are, noise and all."""
    a, b = (np.stack([each.values for each in part]) for part in (rows, columns))
    return symmetric_matrix(a, b, prior_precision=SETTINGS.prior_precision)


def distances_without_noise(target: Embedded, sources: list[Embedded]) -> Matrix:
    """Return (m,) symmetric distances corrected for the noise of both, never below 0."""
    groups = [source.groups for source in sources]
    found = noiseless_distances(target.groups, groups, prior_precision=SETTINGS.prior_precision)
    return np.maximum(found.distances, 0.0)


def information(source: Embedded, target: Embedded) -> float:
    """Return the information distance in nats."""
    prior = SETTINGS.prior_precision
    posterior = with_prior(target.values, prior)
    return float(information_distance(source=with_prior(source.values, prior), target=posterior))


def _save(path: Path, found: Embedded) -> None:
    scatter = b"" if found.scatter is None else found.scatter.to_bytes()
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        values=found.values,
        groups=found.groups,
        scatter=np.frombuffer(scatter, dtype=np.uint8),
        head=np.array([found.nats, found.accuracy, found.loss]),
    )
    partial.rename(path)


def _path(name: str) -> Path:
    return folder() / "embeddings" / f"{name}.npz"
