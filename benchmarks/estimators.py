"""What the labels' draws add to the noise of an embedding, by estimator and draws an image.

The same images and the same head every time, so that only the draws differ: the relative standard
deviation of an element, the symmetric distance between two seeds, and that to the exact Fisher.
"""

from itertools import combinations
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.examples import folder
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import draw_sample
from task2vec.distance import symmetric_distance, with_prior
from task2vec.embedding.inputs import batches, features
from task2vec.embedding.label_noise import label_noise
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.estimate import estimate_fisher
from task2vec.probe.head import class_weights, fit_head
from task2vec.probe.registry import load_probe
from task2vec.types import Estimator

TASKS = ("emoji_hands", "satellite_night")
IMAGES = 100
SEEDS = 4
CHOICES = (
    (Estimator.CATEGORICAL, 1),
    (Estimator.RADEMACHER, 1),
    (Estimator.PRINCIPAL, 1),
    *((e, 3) for e in (Estimator.RADEMACHER, Estimator.HADAMARD, Estimator.PRINCIPAL)),
)

Vector = NDArray[np.float64]


def measure() -> dict[str, Any]:
    """Estimate the Fisher information of two tasks again and again."""
    probe = load_probe("efficientnet_lite0")
    found = {}
    for name in TASKS:
        task = open_source(folder(name))
        sample = draw_sample(task, images=IMAGES, seed=0, transform=probe.preprocess)
        seen = np.concatenate([batch.numpy() for batch in features(probe, sample.images)])
        classes = len(sample.classes)
        head = fit_head(seen, sample.labels, classes=classes)

        def estimate(estimator: Estimator, draws: int, seed: int) -> Vector:
            settings = EmbeddingSettings(estimator=estimator, draws=draws, seed=seed)
            return estimate_fisher(
                probe.backbone,
                head.on(probe.backbone),  # noqa: B023 - called in this turn of the loop
                batches(probe, sample.images),  # noqa: B023
                noise=label_noise(settings, sample.labels, head=head),  # noqa: B023
                weights=class_weights(sample.labels, len(sample.classes)),  # noqa: B023
                groups=np.zeros(len(sample.images), dtype=np.int64),  # noqa: B023
                counted=probe.card.layers,
            ).values

        # With as many draws as classes the principal directions are exact.
        exact = estimate(Estimator.PRINCIPAL, classes, 0)
        found[name] = {
            f"{estimator}, {draws} an image": _spread(
                np.stack([estimate(estimator, draws, seed) for seed in range(SEEDS)]), exact
            )
            for estimator, draws in CHOICES
        }
    return {"images": IMAGES, "seeds": SEEDS, "tasks": found}


def _spread(estimates: Vector, exact: Vector) -> dict[str, float]:
    alive = exact > 0
    relative = estimates[:, alive] / exact[alive] - 1
    deviations = np.sqrt(np.square(relative).mean(axis=0))
    prior = EmbeddingSettings().prior_precision
    values, reference = with_prior(estimates, prior), with_prior(exact, prior)
    return {
        "median_relative_deviation": round(float(np.median(deviations)), 3),
        "distance_of_two_seeds": round(
            mean(float(symmetric_distance(a, b)) for a, b in combinations(values, 2)), 4
        ),
        "distance_to_exact": round(
            mean(float(symmetric_distance(a, reference)) for a in values), 4
        ),
    }
