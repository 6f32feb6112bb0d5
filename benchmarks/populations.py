"""Tasks of Fashion-MNIST whose Fisher information is known image by image, each with one head.

It is computed once and kept in the cache (`benchmarks.class_subsets.cache`): about half an hour on
one core.
"""

import gzip
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.class_subsets import cache
from examples.rebuild.fashion import PACKAGE
from examples.rebuild.packages import unpacked
from task2vec.fisher.estimate import deal_groups
from task2vec.types import Estimator, HeadFit, Provenance, Space, TaskEmbedding

PRIOR = 1e-6
_HEAD_IMAGES, _HEAD_FIRST = 300, 5_500
_SPACE = Space(
    probe="efficientnet_lite0", estimator="fisher", head_penalty=0.01, prior_precision=PRIOR
)

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
        sums = np.asarray(shares @ self.values[rows], dtype=np.float64)
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


def fashion() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the training images (N, 28, 28) of Fashion-MNIST and their labels (N,)."""
    root = unpacked(PACKAGE) / "usr/share/datasets/fashion-mnist"
    pixels, labels = (
        np.frombuffer(gzip.decompress((root / name).read_bytes()), np.uint8, offset=offset)
        for name, offset in (("train-images-idx3-ubyte.gz", 16), ("train-labels-idx1-ubyte.gz", 8))
    )
    return pixels.reshape(-1, 28, 28), labels


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
        head=HeadFit(
            converged=True, iterations=0, gradient_norm=0.0, loss=0.0, training_accuracy=0.0
        ),
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

    from task2vec.embedding.allocator import keep_freed_memory
    from task2vec.fisher.estimators import LabelModel, draw_noise
    from task2vec.fisher.per_image import PerImageFisher
    from task2vec.probe.head import fit_head
    from task2vec.probe.registry import load_probe

    keep_freed_memory()
    pixels, labels = fashion()
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
    per_image = PerImageFisher(probe.backbone, probe.card.layers)
    one, exact = (
        draw_noise(kind, LabelModel(images=len(rows), classes=classes), draws=1, seed=1)
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
