"""Which images train, which decide when to stop, and which test."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from task2vec.data.sample import Sample, draw_sample
from task2vec.data.task import Task
from task2vec.errors import SourceError

T = TypeVar("T")
Indices = NDArray[np.int64]

TEST_SHARE = 0.25
VALIDATION_SHARE = 0.15
#: Enough for an interval of +-3 points; more would make testing longer than training.
MOST_TEST_IMAGES = 1000


@dataclass(frozen=True, eq=False)
class Labelled(Generic[T]):
    """Transformed images with their labels (N,) and keys."""

    images: tuple[T, ...]
    labels: NDArray[np.int64]
    keys: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Holdout(Generic[T]):
    """Three disjoint sets of images of one task; ``validation`` and ``test`` may be empty."""

    training: Labelled[T]
    validation: Labelled[T]
    test: Labelled[T]
    classes: tuple[str, ...]
    warnings: tuple[str, ...]


def hold_out(
    task: Task, *, images: int, seed: int, transform: Callable[[Image.Image], T]
) -> Holdout[T]:
    """Divide a task, class by class, the same way for the same seed.

    A task's own splits are kept. Without a test split a quarter of each class is held out, without
    a validation split 15 % of the rest; a class that is too small gives none. ``images`` bounds
    what is drawn for training and, where it comes from the same images, for testing. Test images
    with the very pixels of a training image are left out.

    Raises `SourceError` when nothing is left to train on.
    """
    if "test" not in task.splits:
        return _divide(draw_sample(task, images=images, seed=seed, transform=transform), seed)
    rest = "train" if "train" in task.splits else "val"
    if rest not in task.splits:
        raise SourceError(
            f"{task.source} has nothing to train on",
            expected="a train split beside test",
            got="the split test alone",
            remedy="Give the folder above the splits, or class folders without splits.",
        )
    drawn = draw_sample(task.only(rest), images=images, seed=seed, transform=transform)
    test = draw_sample(task.only("test"), images=MOST_TEST_IMAGES, seed=seed, transform=transform)
    everything = np.arange(len(drawn.labels))
    if rest == "train" and "val" in task.splits:
        val = draw_sample(task.only("val"), images=images, seed=seed, transform=transform)
        validation, unknown = _aligned(val, drawn)
        training = everything
    else:
        held = _chosen(drawn.labels, VALIDATION_SHARE, seed=seed, least=5)
        training, unknown = np.setdiff1d(everything, held), []
        validation = _take(drawn, held)
    tested, unknown_tests = _aligned(test, drawn)
    warnings = [*drawn.warnings, *test.warnings, *unknown, *unknown_tests]
    return Holdout(_take(drawn, training), validation, tested, drawn.classes, tuple(warnings))


def _divide(drawn: Sample[T], seed: int) -> Holdout[T]:
    everything = np.arange(len(drawn.labels))
    test = _chosen(drawn.labels, TEST_SHARE, seed=seed, least=3)
    rest = np.setdiff1d(everything, test)
    validation = rest[_chosen(drawn.labels[rest], VALIDATION_SHARE, seed=seed + 1, least=5)]
    training = np.setdiff1d(rest, validation)
    seen = {drawn.digests[i] for i in rest}
    kept = np.array([i for i in test if drawn.digests[i] not in seen], dtype=np.int64)
    warnings = list(drawn.warnings)
    if len(kept) < len(test):
        warnings.append(
            f"{len(test) - len(kept)} test images are copies of training images: left out"
        )
    if not len(kept):
        warnings.append("too few images a class to hold any out: the accuracy is not measured")
    return Holdout(
        _take(drawn, training),
        _take(drawn, validation),
        _take(drawn, kept),
        drawn.classes,
        tuple(warnings),
    )


def _chosen(labels: NDArray[np.int64], share: float, *, seed: int, least: int) -> Indices:
    """Return the positions of about ``share`` of each class with at least ``least`` images."""
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) >= least:
            count = max(1, round(share * len(members)))
            chosen.extend(generator.permutation(members)[:count].tolist())
    return np.array(sorted(chosen), dtype=np.int64)


def _take(sample: Sample[T], chosen: Indices) -> Labelled[T]:
    return Labelled(
        tuple(sample.images[i] for i in chosen),
        sample.labels[chosen],
        tuple(sample.keys[i] for i in chosen),
    )


def _aligned(other: Sample[T], to: Sample[T]) -> tuple[Labelled[T], list[str]]:
    """Return another split's images under the labels of the training images, copies left out."""
    position = {name: label for label, name in enumerate(to.classes)}
    seen = set(to.digests)
    kept = [
        i
        for i, label in enumerate(other.labels)
        if other.classes[label] in position and other.digests[i] not in seen
    ]
    labels = [position[other.classes[other.labels[i]]] for i in kept]
    missing = sorted(set(other.classes) - set(position))
    warnings = [f"classes without a training image are left out: {', '.join(missing)}"] * bool(
        missing
    )
    copies = sum(digest in seen for digest in other.digests)
    if copies:
        warnings.append(f"{copies} held-out images are copies of training images: left out")
    return (
        Labelled(
            tuple(other.images[i] for i in kept),
            np.array(labels, dtype=np.int64),
            tuple(other.keys[i] for i in kept),
        ),
        warnings,
    )
