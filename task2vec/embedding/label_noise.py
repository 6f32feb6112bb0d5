"""What the estimator of a task's Fisher information draws, by its labels and its head."""

import numpy as np
from numpy.typing import NDArray

from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.estimators import LabelModel, LabelNoise, draw_noise
from task2vec.probe.head import Head
from task2vec.probe.independent_labels import label_weights
from task2vec.types import Likelihood


def label_noise(
    settings: EmbeddingSettings, labels: NDArray[np.int64], *, head: Head
) -> LabelNoise:
    """Return the noise for images with the labels (N,), or (N, C) where they may have several.

    An image's share in the task is told by `class_weights`. Where it may have several labels that
    is 1/N, and each label is weighted besides: with the `label_weights` w of the head's loss,
    ``F = sum_ic w_ic p_ic (1 - p_ic) (dz_ic / dw)^2`` is the Fisher information of that very loss,
    its labels drawn from the model. A *missing* label has w = 0: the loss has no term for it, so
    that no label is drawn for it either. Labels that are missing by chance then leave the estimate
    right in expectation, since what is known of their class counts the more.
    """
    several = labels.ndim == 2
    return draw_noise(
        settings.estimator,
        LabelModel(
            images=len(labels),
            classes=len(head.weight),
            likelihood=Likelihood.BERNOULLI if several else Likelihood.CATEGORICAL,
            label_weights=len(labels) * label_weights(labels) if several else None,
            gram=head.weight @ head.weight.T,
            labels=labels,
        ),
        draws=settings.draws,
        seed=settings.seed,
    )
