"""How alike starting models are by what they see in the anchors, and worlds that say so.

The gain model takes two experts for as alike as the tasks that they are of. Here each expert stands
for a task of its own instead: as far from every task as its source, and from other experts as its
features say. The product's model is used as it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from research.transfer.features import Features
from task2vec.recommendation.evidence.world import NO_SOURCE, Matrix, World
from task2vec.recommendation.gain_model.kernel import Scales

#: Directions of each expert that are kept.
DIRECTIONS = 64


class Compared(StrEnum):
    """What of an expert's features is compared: themselves, or less the default's."""

    FEATURES = "features"
    CHANGES = "changes"


class Place(StrEnum):
    """Where the likeness of experts stands: for that of their tasks, or as a factor of it."""

    INSTEAD = "instead of tasks"
    BESIDE = "beside tasks"


def likeness_of_tasks(world: World, scales: Scales) -> Matrix:
    """Return (T, T) the kernel of two tasks: as their images are near, and as what they ask is."""
    near = np.maximum(world.symmetric, 0)
    asked = np.exp(-2 * (1 - world.overlap) / scales.asks**2)
    return np.asarray(np.exp(-np.square(near / scales.like)) * asked)


def products(features: Features, *, directions: int = DIRECTIONS) -> Matrix:
    """Return (N, N) products of centred features (N, D) in their largest principal directions."""
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    kept = vectors[:, -directions:]
    return np.asarray((kept * np.maximum(values[-directions:], 0)) @ kept.T)


def alignments(all_products: NDArray[np.float64]) -> Matrix:
    """Return (M, M) centred kernel alignments of M matrices of products (M, N, N), from 0 to 1.

    That is ``<K, L> / (|K| |L|)`` of products that are centred (Kornblith et al., ICML 2019,
    arXiv:1905.00414): 1 where two networks see the same but for a rotation and a scale.
    """
    # Products of some of the images only, as those of other families, are centred among these.
    centred = all_products - all_products.mean(axis=1, keepdims=True)
    centred -= centred.mean(axis=2, keepdims=True)
    rows = centred.reshape(len(centred), -1)
    norms = np.linalg.norm(rows, axis=1)
    return np.asarray(rows @ rows.T / np.outer(norms, norms))


def expert_products(
    features: Mapping[str, Features], models: tuple[str, ...], *, default: str, compared: Compared
) -> Matrix:
    """Return (M, N, N) products of what is compared of each model."""
    base = features[default] if compared is Compared.CHANGES else np.float32(0)
    return np.stack([products(features[name] - base) for name in models])


def world_of_experts(world: World, alike: Matrix, *, width: float, place: Place) -> World:
    """Return a world in which each expert is of a task of its own, behind the T tasks.

    ``alike`` (E, E) are alignments of the experts, in the order of the models. The kernel of two is
    ``exp(-2 (1 - alike) / width^2)`` under the default scales, the squared distance of two unit
    vectors being ``2 (1 - alike)``; beside that of their tasks, times it.
    """
    experts = np.flatnonzero(world.experts)
    sources = world.sources[experts]
    tasks, every = len(world.tasks), np.concatenate([np.arange(len(world.tasks)), sources])
    # Distances whose kernel is the wanted one.
    squared = 2 * (1 - alike) * (Scales().like / width) ** 2
    symmetric, overlap = (table[np.ix_(every, every)] for table in (world.symmetric, world.overlap))
    if place is Place.INSTEAD:
        overlap[tasks:, tasks:] = 1.0
    else:
        squared = squared + np.square(np.maximum(symmetric[tasks:, tasks:], 0))
    symmetric[tasks:, tasks:] = np.sqrt(np.maximum(squared, 0))
    own = np.full(len(world.models), NO_SOURCE)
    own[experts] = tasks + np.arange(len(experts))
    unmeasured = np.full((len(world.models), len(experts)), np.nan)
    return replace(
        world,
        tasks=(*world.tasks, *(f"expert of {world.tasks[s]}" for s in sources)),
        sources=own,
        symmetric=symmetric,
        asymmetric=world.asymmetric[np.ix_(every, every)],
        gains=np.hstack([world.gains, unmeasured]),
        variances=np.hstack([world.variances, unmeasured]),
        base=np.concatenate([world.base, np.full(len(experts), np.nan)]),
        overlap=overlap,
        agreement=world.agreement[np.ix_(every, every)],
    )
