"""What corrected distances and their intervals are worth, where the truth is known.

Real tasks of 1,200 Fashion-MNIST images, each with one head that is held. The truth is the distance
between their exact Fisher information on all of these; a run draws some of the images with
replacement, as from an endless task of which they are the whole distribution, and has one label
draw of each. Then the gap between few and many images of one task, with one head and with heads of
their own.

The per-image Fisher information is computed once and cached (`benchmarks.class_subsets.cache`):
about half an hour on one core. ``python -m benchmarks.coverage`` computes it.
"""

import gzip
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.class_subsets import cache
from examples.rebuild.fashion import PACKAGE
from examples.rebuild.packages import unpacked
from task2vec.distance import (
    estimate_distances,
    information_distance,
    plain_information_distance,
    plain_symmetric_distance,
    symmetric_distance,
    task_complexity,
    task_information_distance,
    trivial_embedding,
    with_prior,
)
from task2vec.embedding.standard_error import deal_groups
from task2vec.types import Estimator, HeadFit, Provenance, Space, TaskEmbedding

PRIOR = 1e-6
RUNS = 100
_HEAD_IMAGES, _HEAD_FIRST = 300, 5_500
_SPACE = Space("efficientnet_lite0", "fisher", head_penalty=0.01, prior_precision=PRIOR)

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """Images of Fashion-MNIST: ``images`` of these ``labels``, evenly, from the ``first`` on."""

    name: str
    labels: tuple[int, ...]
    first: int
    images: int
    exact: bool = True


TOPS = Part("tops", (0, 2, 3, 4, 6), 0, 1_200)
OTHERS = Part("others", (1, 5, 7, 8, 9), 0, 1_200)
SOME_TOPS = Part("some_tops", (0, 2, 4, 6), 2_000, 1_200)
MORE_TOPS = Part("more_tops", (0, 2, 3, 4, 6), 240, 3_300, exact=False)


@dataclass(frozen=True, eq=False)
class Population:
    """Per-image Fisher information (N, n) with labels (N,), and the exact mean (n,)."""

    values: Numbers
    labels: NDArray[np.int64]
    exact: NDArray[np.float64]

    def embedding(self, rows: NDArray[np.int64]) -> TaskEmbedding:
        """Return the embedding that these images give under the population's head."""
        labels = self.labels[rows]
        weights = 1 / (len(set(labels)) * np.bincount(labels)[labels])
        dealt = deal_groups(labels)
        shares = np.where(dealt == np.arange(8)[:, None], weights, 0.0)
        sums = shares @ self.values[rows]
        return TaskEmbedding.from_estimates(
            values=sums.sum(axis=0),
            errors=np.zeros(self.values.shape[1]),
            replicates=sums / shares.sum(axis=1, keepdims=True),
            provenance=_provenance(len(rows)),
        )

    def of_classes(self, *labels: int) -> "Population":
        """Return the images of some classes, under the same head.

        Their truth is the mean of the one label draw an image that there is.
        """
        rows = np.isin(self.labels, labels)
        named = np.searchsorted(labels, self.labels[rows])
        values = self.values[rows]
        by_class = [values[named == c].mean(axis=0, dtype=float) for c in range(len(labels))]
        return Population(values, named, np.mean(by_class, axis=0))

    def draw(self, rng: np.random.Generator, count: int, *, replace: bool) -> NDArray[np.int64]:
        """Return rows, evenly over the classes."""
        classes = sorted(set(self.labels.tolist()))
        of = [np.flatnonzero(self.labels == label) for label in classes]
        each = count // len(classes)
        return np.concatenate([rng.choice(rows, each, replace=replace) for rows in of])


def measure() -> dict[str, Any]:
    """Repeat the embeddings of some images, and compare with the truth."""
    tops, others, some = (load(part) for part in (TOPS, OTHERS, SOME_TOPS))
    # Decisions were taken on the first, and on classes of the tops among themselves.
    chosen = {"far": (tops, others), "near": (tops, some), "the same task": (tops, tops)}
    reported = {
        "far": (others, some),
        "middle": (others.of_classes(0, 1, 2), others.of_classes(2, 3, 4)),
        "near": (others, others.of_classes(0, 1, 2, 3)),
        "the same task": (some, some),
    }
    counts = ((100, 100), (100, 300), (300, 300))
    cells = [_cell(name, pair, both) for name, pair in reported.items() for both in counts]
    return {
        "runs": RUNS,
        "chosen_on": [_cell(name, pair, both) for name, pair in chosen.items() for both in counts],
        "cells": cells,
        "covered": round(float(np.mean([cell["covered"] for cell in cells])), 3),
        "goal": "covered in 0.90 to 0.98 of the runs",
        "few_and_many": few_and_many(load(MORE_TOPS)),
        "few_and_many_with_heads_of_their_own": refitted(),
        "information": _information(tops, others),
    }


def _cell(name: str, pair: tuple[Population, Population], counts: tuple[int, int]) -> Any:
    a, b = pair
    truth = 0.0
    if a is not b:
        truth = float(symmetric_distance(with_prior(a.exact, PRIOR), with_prior(b.exact, PRIOR)))
    rng = np.random.default_rng(0)
    plain, told, errors, inside = [], [], [], []
    for _ in range(RUNS):
        x, y = (
            each.embedding(each.draw(rng, count, replace=True))
            for each, count in zip(pair, counts, strict=True)
        )
        found = estimate_distances(x, [y])
        low, high = found.intervals[0]
        plain.append(plain_symmetric_distance(x, y))
        told.append(found.distances[0])
        errors.append(found.errors[0])
        inside.append(low <= truth <= high)
    return {
        "pair": name,
        "images": list(counts),
        "truth": round(truth, 4),
        "plain": round(float(np.mean(plain)), 4),
        "corrected": round(float(np.mean(told)), 4),
        "standard_deviation": round(float(np.std(told, ddof=1)), 4),
        "stated_error": round(sqrt(np.mean(np.square(errors))), 4),
        "covered": round(float(np.mean(inside)), 3),
    }


def few_and_many(more: Population, *, few: int = 100, runs: int = 50) -> dict[str, Any]:
    """Compare few images with many, and many with as many, disjoint, one head for all.

    The population is cut into two of the many; the few come from the half that is not the other
    side's.
    """
    rng = np.random.default_rng(1)
    whole = np.arange(len(more.labels))
    found: dict[str, list[float]] = {key: [] for key in ("few", "many", "few_se", "many_se")}
    plain: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(runs):
        first = more.draw(rng, len(whole) // 2, replace=False)
        second = np.setdiff1d(whole, first)
        many, as_many = more.embedding(first), more.embedding(second)
        sparse = more.embedding(second[rng.permutation(len(second))[:few]])
        told = estimate_distances(many, [sparse, as_many])
        for key, place in (("few", 0), ("many", 1)):
            found[key].append(told.distances[place])
            found[f"{key}_se"].append(told.errors[place])
        plain["few"].append(plain_symmetric_distance(many, sparse))
        plain["many"].append(plain_symmetric_distance(many, as_many))
    gap = np.array(found["few"]) - found["many"]
    stated = np.hypot(found["few_se"], found["many_se"])
    return {
        "images": [few, len(whole) // 2],
        "runs": runs,
        **{f"plain_{key}": round(float(np.mean(value)), 4) for key, value in plain.items()},
        **{key: round(float(np.mean(value)), 4) for key, value in found.items()},
        "gap": round(float(gap.mean()), 4),
        "gap_within_1.96_stated_errors": round(float(np.mean(np.abs(gap) < 1.96 * stated)), 3),
    }


def refitted(sizes: tuple[int, ...] = (100, 300, 300)) -> dict[str, Any]:
    """Embed disjoint images of the tops with heads of their own: few, many and as many."""
    from task2vec.data.arrays import task_from_arrays
    from task2vec.embedding.embedder import Embedder
    from task2vec.embedding.settings import EmbeddingSettings
    from task2vec.probe.registry import load_probe

    pixels, labels = _fashion()
    probe = load_probe("efficientnet_lite0")
    found, start = [], MORE_TOPS.first
    for seed, size in enumerate(sizes):
        each = size // len(TOPS.labels)
        rows = np.concatenate(
            [np.flatnonzero(labels == label)[start : start + each] for label in TOPS.labels]
        )
        start += each
        task = task_from_arrays(pixels[rows], labels[rows].astype(np.int64), name="tops")
        settings = EmbeddingSettings(images=size, seed=seed)
        found.append(Embedder(probe, settings).embed(task).embedding)
    few, many, as_many = found
    told = estimate_distances(many, [few, as_many])
    return {
        "images": list(sizes),
        "plain_few": round(plain_symmetric_distance(many, few), 4),
        "plain_many": round(plain_symmetric_distance(many, as_many), 4),
        "few": round(float(told.distances[0]), 4),
        "many": round(float(told.distances[1]), 4),
        "stated_errors": [round(float(error), 4) for error in told.errors],
    }


def _fashion() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the training images (N, 28, 28) of Fashion-MNIST and their labels (N,)."""
    root = unpacked(PACKAGE) / "usr/share/datasets/fashion-mnist"
    pixels, labels = (
        np.frombuffer(gzip.decompress((root / name).read_bytes()), np.uint8, offset=offset)
        for name, offset in (("train-images-idx3-ubyte.gz", 16), ("train-labels-idx1-ubyte.gz", 8))
    )
    return pixels.reshape(-1, 28, 28), labels


def _information(a: Population, b: Population) -> list[dict[str, Any]]:
    """Compare information distances and complexities with those of the exact Fisher."""
    exact = [with_prior(each.exact, PRIOR) for each in (a, b)]
    truth = float(information_distance(source=exact[0], target=exact[1]))
    trivial = trivial_embedding(len(exact[0]), PRIOR)
    rows = []
    for count in (100, 300):
        rng = np.random.default_rng(2)
        plain, told, complexity = [], [], []
        for _ in range(RUNS // 8):
            x, y = (each.embedding(each.draw(rng, count, replace=True)) for each in (a, b))
            plain.append(plain_information_distance(source=x, target=y))
            told.append(task_information_distance(source=x, target=y))
            complexity.append(task_complexity(x))
        rows.append(
            {
                "images": count,
                "nats": round(truth),
                "plain_nats": round(float(np.mean(plain))),
                "corrected_nats": round(float(np.mean(told))),
                "standard_deviation": round(float(np.std(told, ddof=1))),
                "complexity": round(float(symmetric_distance(exact[0], trivial)), 4),
                "plain_complexity": round(float(np.mean(complexity)), 4),
            }
        )
    return rows


def _provenance(images: int) -> Provenance:
    return Provenance(
        space=_SPACE,
        probe_name="efficientnet_lite0",
        estimator="rademacher",
        draws=1,
        seed=0,
        images=images,
        classes=2,
        class_names=("a", "b"),
        content_hash="0" * 64,
        standard_error=0.0,
        head=HeadFit(True, 0, 0.0, 0.0, 0.0),
        versions={},
    )


def load(part: Part) -> Population:
    """Return a part's population from the cache, computing it where it is not there."""
    path = cache() / f"coverage_{part.name}.npz"
    if not path.exists():
        make(part)
    about = np.load(path)
    values = np.load(path.with_suffix(".npy"))
    return Population(values, about["labels"].astype(np.int64), about["exact"])


def make(part: Part) -> None:
    """Fit a head to 300 other images of the labels, and pass the part's images through it."""
    from PIL import Image

    from task2vec.engine.allocator import keep_freed_memory
    from task2vec.fisher.estimators import LabelNoise
    from task2vec.fisher.per_image import PerImageFisher
    from task2vec.probe.head import fit_head
    from task2vec.probe.registry import load_probe

    keep_freed_memory()
    pixels, labels = _fashion()
    probe = load_probe("efficientnet_lite0")

    def ready(rows: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
        return [probe.preprocess(Image.fromarray(pixels[i]).convert("RGB")) for i in rows]

    classes = len(part.labels)
    places = [np.flatnonzero(labels == label) for label in part.labels]
    each = _HEAD_IMAGES // classes
    fitted = np.concatenate([p[_HEAD_FIRST : _HEAD_FIRST + each] for p in places])
    features = probe.features(ready(fitted)).numpy()
    head = fit_head(features, np.repeat(np.arange(classes), each), classes=classes)
    each = part.images // classes
    # Class by class in turn, so that any number of the first images is balanced.
    rows = np.stack([p[part.first : part.first + each] for p in places], axis=1).reshape(-1)
    per_image = PerImageFisher(probe.backbone)
    one, exact = (
        LabelNoise(kind, images=len(rows), classes=classes, draws=1, seed=1)
        for kind in (Estimator.RADEMACHER, Estimator.EXACT)
    )
    values = np.empty((len(rows), per_image.filters), dtype=np.float32)
    total = np.zeros(per_image.filters)
    for first in range(0, len(rows), 16):
        some = slice(first, first + 16)
        images = probe.to_input(ready(rows[some]))
        logits = head.on(probe.backbone)
        values[some] = per_image(images, logits, partial(one.cotangents, first=first)).numpy()
        if part.exact:
            squares = per_image(images, logits, partial(exact.cotangents, first=first))
            total += squares.double().sum(dim=0).numpy()
    path = cache() / f"coverage_{part.name}.npz"
    np.save(path.with_suffix(".npy"), values)
    np.savez(path, exact=total / len(rows), labels=np.tile(np.arange(classes), each))


if __name__ == "__main__":
    for wanted in (TOPS, OTHERS, SOME_TOPS, MORE_TOPS):
        load(wanted)
