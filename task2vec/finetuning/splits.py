"""Which images train, which decide when to stop, and which test."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from task2vec.data.sampling.class_draw import Progress, spread
from task2vec.data.sampling.sample import Sample, draw_sample
from task2vec.data.task import Task
from task2vec.data.wording import examples, plural
from task2vec.errors import SourceError
from task2vec.types import Likelihood
from task2vec.types.tuning import TEST_SHARE

T = TypeVar("T")
Indices = NDArray[np.int64]

VALIDATION_SHARE = 0.15
#: Enough for an interval of +-3 points; more would make testing longer than training.
MOST_TEST_IMAGES = 1000


@dataclass(frozen=True, eq=False)
class Labelled(Generic[T]):
    """Transformed images with their labels (N,) and keys."""

    images: tuple[T, ...]
    labels: NDArray[np.int64]
    keys: tuple[str, ...]


def part_of(data: Labelled[T] | Sample[T], chosen: Indices) -> Labelled[T]:
    """Return the images at the positions ``chosen``."""
    return Labelled(
        tuple(data.images[i] for i in chosen),
        data.labels[chosen],
        tuple(data.keys[i] for i in chosen),
    )


def joined(one: Labelled[T], other: Labelled[T]) -> Labelled[T]:
    """Return the images of both."""
    return Labelled(
        one.images + other.images,
        np.concatenate([one.labels, other.labels]),
        one.keys + other.keys,
    )


@dataclass(frozen=True, eq=False)
class Holdout(Generic[T]):
    """Three disjoint sets of images of one task; ``validation`` and ``test`` may be empty."""

    training: Labelled[T]
    validation: Labelled[T]
    test: Labelled[T]
    classes: tuple[str, ...]
    warnings: tuple[str, ...]


def check_one_label(task: Task) -> None:
    """Raise `SourceError` where an image may have several labels: an expert tells one class."""
    if task.likelihood is Likelihood.BERNOULLI:
        raise SourceError(
            f"{task.source} cannot be fine-tuned on",
            expected="one label per image",
            got="several labels per image",
            remedy="Make a list with one label per image. As it is, the task can be embedded and "
            "compared with others.",
        )


def hold_out(
    task: Task,
    *,
    images: int,
    seed: int,
    transform: Callable[[Image.Image], T],
    progress: Progress | None = None,
) -> Holdout[T]:
    """Divide a task, class by class, the same way for the same seed.

    A task's own splits are kept; images without a split train, where no split is called train.
    Without a test split a quarter of each class is held out, without a validation split 15 % of
    the rest; a class that is too small gives none. ``images`` bounds what is drawn for training
    and, where it comes from the same images, for testing. Test images with the very pixels of a
    training or validation image are left out. ``progress`` takes the images read and in all.

    Raises `SourceError` when nothing is left to train on, and as `check_one_label` does.
    """
    check_one_label(task)
    pool, split = _pool(task)
    own_test, own_val = _own_splits(task, split)
    read = 0

    def draw(part: Task, images: int) -> Sample[T]:
        nonlocal read
        before, tell = read, progress
        sample = draw_sample(
            part,
            images=images,
            seed=seed,
            transform=transform,
            progress=tell and (lambda done, total: tell(before + done, before + total)),
        )
        read += len(sample.images)
        return sample

    drawn = draw(pool, images)
    training, held, tests = _divided(
        drawn.labels, seed=seed, tested=not own_test, validated=not own_val
    )
    warnings = list(drawn.warnings)
    seen = {drawn.digests[i] for i in (*training, *held)}
    tested = drawn
    if own_test:
        tested = draw(task.only("test"), MOST_TEST_IMAGES)
        warnings += tested.warnings
        tests = np.arange(len(tested.labels))
    validation = part_of(drawn, held)
    if own_val:
        val = draw(task.only("val"), images)
        validation, more = _held(
            val, np.arange(len(val.labels)), classes=drawn.classes, seen=seen, name="validation"
        )
        seen |= set(val.digests)
        warnings += [*val.warnings, *more]
    test, more = _held(tested, tests, classes=drawn.classes, seen=seen, name="test")
    warnings += more
    if not test.images:
        warnings.append("no image is left to test on: the accuracy is not measured")
    return Holdout(part_of(drawn, training), validation, test, drawn.classes, tuple(warnings))


def foreseen(task: Task, *, images: int, seed: int) -> tuple[Indices, Indices, int]:
    """Return how `hold_out` will divide a task, as far as can be told without reading an image.

    These are the labels that train (N,) and those that validate (V,), and the number of images that
    test. Images that cannot be read, and copies, count as any other. Raises `SourceError` when
    nothing is left to train on.
    """
    pool, split = _pool(task)
    own_test, own_val = _own_splits(task, split)
    drawn = _listed(pool, images)
    training, held, tests = _divided(drawn, seed=seed, tested=not own_test, validated=not own_val)
    test = len(_listed(task.only("test"), MOST_TEST_IMAGES)) if own_test else len(tests)
    return drawn[training], _listed(task.only("val"), images) if own_val else drawn[held], test


def foreseen_of_images(images: int, classes: int, *, seed: int) -> tuple[Indices, Indices, int]:
    """Return the same of so many images without splits, in classes of one size as far as can be."""
    labels = np.sort(np.arange(images, dtype=np.int64) % max(classes, 1))
    training, held, tests = _divided(labels, seed=seed, tested=True, validated=True)
    return labels[training], labels[held], len(tests)


def _own_splits(task: Task, split: str | None) -> tuple[bool, bool]:
    """Whether tests, and validation, have a split of their own; ``split`` is that which trains."""
    return "test" in task.splits, "val" in task.splits and split != "val"


def _listed(task: Task, images: int) -> Indices:
    """Return the labels of ``images`` images that are drawn from a task, class by class."""
    sizes = Counter(entry.label for entry in task.entries)
    classes = range(len(task.classes))
    return np.repeat(np.arange(len(classes)), spread(images, [sizes[label] for label in classes]))


def _pool(task: Task) -> tuple[Task, str | None]:
    """Return the part of a task that training is drawn from, and its split."""
    for split in ("train", None, "val"):
        entries = tuple(entry for entry in task.entries if entry.split == split)
        if entries:
            return replace(task, entries=entries), split
    raise SourceError(
        f"{task.source} has nothing to train on",
        expected="a train split beside test",
        got="the split test alone",
        remedy="Give the folder above the splits, or class folders without splits.",
    )


def _divided(
    labels: Indices, *, seed: int, tested: bool, validated: bool
) -> tuple[Indices, Indices, Indices]:
    """Return the positions of drawn images that train, validate and test.

    None tests, or validates, where the images that do come from a split of their own.
    """
    none = np.zeros(0, dtype=np.int64)
    tests = _chosen(labels, TEST_SHARE, seed=seed, least=3) if tested else none
    rest = np.setdiff1d(np.arange(len(labels)), tests)
    held = none
    if validated:
        held = rest[_chosen(labels[rest], VALIDATION_SHARE, seed=seed + 1, least=5)]
    return np.setdiff1d(rest, held), held, tests


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


def _held(
    sample: Sample[T],
    chosen: Indices,
    *,
    classes: tuple[str, ...],
    seen: set[str],
    name: str,
) -> tuple[Labelled[T], list[str]]:
    """Return held-out images under the labels of ``classes``, without copies of what was seen."""
    position = {name: label for label, name in enumerate(classes)}
    known = [i for i in chosen if sample.classes[sample.labels[i]] in position]
    kept = [i for i in known if sample.digests[i] not in seen]
    warnings = []
    if strange := set(sample.classes) - set(classes):
        warnings.append(
            f"{plural(len(strange), f'{name} class')} left out, without a training image: "
            f"{examples(strange)}"
        )
    if copies := len(known) - len(kept):
        warnings.append(
            f"{plural(copies, f'{name} image')} left out: the same pixels are in another part"
        )
    labels = [position[sample.classes[sample.labels[i]]] for i in kept]
    held = part_of(sample, np.array(kept, dtype=np.int64))
    return replace(held, labels=np.array(labels, dtype=np.int64)), warnings
