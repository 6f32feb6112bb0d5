"""What is kept of an embedding beside its numbers, from what it was made of."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from task2vec.embedding.class_scatter import class_scatter
from task2vec.embedding.embedder import Embedded
from task2vec.probe.head_information import head_information
from task2vec.recommendation.measure.linear_probe import leave_one_out, right
from task2vec.types import Likelihood
from task2vec.types.details import ClassRecognition, EmbeddingDetails, LayerElements


def details_of(found: Embedded) -> EmbeddingDetails:
    """Return the embedding's layers, which images are recognised, the scatter, the nats.

    All but the first by the features that the head was fitted to: no image passes the network
    again.
    """
    sample, count = found.sample, len(found.sample.classes)
    classes = head = None
    if sample.likelihood is Likelihood.CATEGORICAL:
        classes = recognise(found.features, sample.labels, classes=count)
        head = head_information(
            found.head,
            found.features,
            sample.labels,
            penalty=found.embedding.space.head_penalty,
        )
    scatter = class_scatter(found.features, sample.labels, classes=count)
    return EmbeddingDetails(
        layers=tuple(LayerElements(name, elements) for name, elements in found.layers),
        classes=classes,
        scatter=scatter,
        head=head,
    )


def recognise(
    features: NDArray[np.floating], labels: NDArray[np.int64], *, classes: int
) -> tuple[ClassRecognition, ...] | None:
    """Return how many images of each class a ridge regression on all others recognises.

    ``features`` are (N, D), ``labels`` (N,). An image alone in its class cannot be left out: such a
    class has no images. None where fewer than two classes remain. See `leave_one_out`.
    """
    counts = np.bincount(labels, minlength=classes)
    usable = np.flatnonzero(counts >= 2)
    if len(usable) < 2:
        return None
    kept = np.isin(labels, usable)
    y = np.searchsorted(usable, labels[kept])
    X = features[kept]
    if np.isfinite(X).all() and (X[0] != X).any():
        scores = leave_one_out(X, y, classes=len(usable)).deviations
    else:
        # Features that are all alike tell no class from another.
        scores = np.zeros((len(y), len(usable)))
    recognised = right(scores, y)
    others = scores.copy()
    others[np.arange(len(y)), y] = -np.inf
    taken = usable[others.argmax(axis=1)]
    counted = [ClassRecognition(0, 0, {}) for _ in range(classes)]
    for place, number in enumerate(usable.tolist()):
        mine = y == place
        wrong = Counter(taken[mine & ~recognised].tolist())
        counted[number] = ClassRecognition(
            images=int(mine.sum()),
            correct=int(recognised[mine].sum()),
            taken_for=dict(sorted(wrong.items(), key=lambda each: (-each[1], each[0]))),
        )
    return tuple(counted)
