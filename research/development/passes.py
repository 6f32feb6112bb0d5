"""Fisher estimates of every development task, under every setting that the sweeps compare.

    python -m research.development.passes [STEP ...]

A task's images are dealt into two halves, class by class; parts ``a`` and ``b`` are the first
images of either half with a head and signs of their own, ``signs`` is part ``a`` with its head and
new signs. So ``a`` against ``b`` is a repeat, ``a`` against ``signs`` shows the noise of the signs
alone. Kept are eight groups' estimates, 0.7 MB a part. What is there is not computed again.
"""

import sys
import time
import zlib
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from functools import cache as cache_result
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from research.development.tasks import DevelopmentTask, cache, development_tasks
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import Sample, all_images
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.fisher.estimate import deal_groups, estimate_fisher
from task2vec.fisher.estimators import LabelModel, draw_noise
from task2vec.probe.head import class_weights, fit_head
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.registry import load_probe
from task2vec.types import Estimator

BATCH = 8
Labels = NDArray[np.int64]


class Part(StrEnum):
    """Which images and which signs an estimate is of."""

    A = "a"
    B = "b"
    SIGNS = "signs"


@dataclass(frozen=True)
class Setting:
    """What an estimate is computed with; ``images`` bounds the images of a part."""

    probe: str = "efficientnet_lite0"
    side: int = 96
    penalty: float = 0.01
    images: int = 100

    @property
    def name(self) -> str:
        """A name for its folder."""
        return f"{self.probe}-{self.side}px-penalty{self.penalty:g}-{self.images}images"


#: What the sweeps vary one thing of. At 96 pixels a pass takes half of the time at 128.
BASE = Setting()


@dataclass(frozen=True)
class Step:
    """A setting, and the parts of it that are wanted; ``core`` leaves out a family's third task."""

    setting: Setting
    parts: tuple[Part, ...] = (Part.A, Part.B)
    core: bool = True

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return f"{self.setting.name}-signs" if Part.SIGNS in self.parts else self.setting.name


#: In the order of what the decisions need most.
PLAN = (
    Step(BASE, core=False),
    Step(Setting(penalty=0.1)),
    Step(Setting(penalty=0.001)),
    Step(Setting(images=50)),
    Step(Setting(side=128, images=50)),
    Step(BASE, parts=(Part.SIGNS,)),
    Step(Setting(images=200)),
    Step(Setting(probe="efficientnet_lite2", images=50)),
    Step(Setting(side=224, images=50)),
    Step(Setting(penalty=0.03)),
    Step(Setting(penalty=0.003)),
    Step(Setting(probe="efficientnet_lite1", images=50)),
    Step(Setting(images=500)),
)


@dataclass(frozen=True, eq=False)
class PartEstimate:
    """``replicates`` (K, n) of disjoint groups, ``shares`` (K,) their weights, ``images`` used."""

    replicates: NDArray[np.float32]
    shares: NDArray[np.float64]
    images: int
    classes: int

    @property
    def values(self) -> NDArray[np.float64]:
        """The estimate from all images, (n,)."""
        return np.asarray(self.shares @ self.replicates)


def path_of(setting: Setting, task: str, part: Part) -> Path:
    """Return the file of an estimate."""
    return cache() / "fisher" / setting.name / f"{task}-{part}.npz"


def load(setting: Setting, task: str, part: Part) -> PartEstimate:
    """Return an estimate that was computed before."""
    with np.load(path_of(setting, task, part)) as file:
        return PartEstimate(
            file["replicates"], file["shares"], int(file["images"]), int(file["classes"])
        )


def halves(labels: Labels, *, name: str) -> tuple[Labels, Labels]:
    """Deal a task's images into halves; return the positions of each, interleaved by class.

    The first n of a half are as even over the classes as n images can be; more images hold fewer.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    turns: tuple[list[tuple[int, int, int]], ...] = ([], [])
    for label in np.unique(labels):
        for rank, position in enumerate(rng.permutation(np.flatnonzero(labels == label))):
            turns[rank % 2].append((rank // 2, int(label), int(position)))
    first, second = (
        np.array([position for _, _, position in sorted(half)], dtype=np.int64) for half in turns
    )
    return first, second


def half_size(labels: Labels) -> int:
    """Return the number of images of the smaller half."""
    return sum(int((labels == label).sum()) // 2 for label in np.unique(labels))


def main() -> None:
    """Compute what is missing of the plan, step by step."""
    keep_freed_memory()
    wanted = sys.argv[1:]
    for step in PLAN:
        if wanted and step.name not in wanted:
            continue
        for task in core_tasks() if step.core else development_tasks().values():
            missing = [p for p in step.parts if not path_of(step.setting, task.name, p).exists()]
            if missing:
                _compute(step.setting, task, missing)


def core_tasks() -> list[DevelopmentTask]:
    """Return two tasks of each family, the first of their names."""
    chosen: dict[str, list[DevelopmentTask]] = defaultdict(list)
    for _, task in sorted(development_tasks().items()):
        if len(chosen[task.family]) < 2:
            chosen[task.family].append(task)
    return [task for members in chosen.values() for task in members]


@cache_result
def _probe(name: str, side: int) -> Probe:
    return load_probe(f"{name}?input_size={side}")


@cache_result
def _sample(name: str, side: int, task: DevelopmentTask) -> Sample[Pixels]:
    return all_images(open_source(task.folder), transform=_probe(name, side).preprocess)


def _compute(setting: Setting, task: DevelopmentTask, parts: list[Part]) -> None:
    began = time.perf_counter()
    probe = _probe(setting.probe, setting.side)
    sample = _sample(setting.probe, setting.side, task)
    if half_size(sample.labels) < 0.75 * setting.images and setting.images > BASE.images:
        return
    chosen = [half[: setting.images] for half in halves(sample.labels, name=task.name)]
    features = _features(setting, task, chosen)
    for part in parts:
        side = int(part is Part.B)
        labels = sample.labels[chosen[side]]
        classes = len(sample.classes)
        head = fit_head(features[side], labels, classes=classes, penalty=setting.penalty)
        images = [sample.images[position] for position in chosen[side]]
        weights, groups = class_weights(labels, classes), deal_groups(labels)
        estimate = estimate_fisher(
            probe.backbone,
            head.on(probe.backbone),
            (
                probe.to_input(images[first : first + BATCH])
                for first in range(0, len(images), BATCH)
            ),
            noise=draw_noise(
                Estimator.RADEMACHER,
                LabelModel(images=len(images), classes=classes),
                draws=1,
                seed=list(Part).index(part),
            ),
            weights=weights,
            groups=groups,
        )
        _save(
            path_of(setting, task.name, part),
            replicates=estimate.replicates.astype(np.float32),
            shares=np.bincount(groups, weights=weights),
            images=len(images),
            classes=classes,
            training_accuracy=head.fit.training_accuracy,
            converged=head.fit.converged,
        )
    seconds = time.perf_counter() - began
    print(f"{setting.name} {task.name}: {len(parts)} parts, {seconds:.1f} s", flush=True)


def features_of(probe: str, side: int, images: int, task: str) -> list[NDArray[np.float32]]:
    """Return the probe's features of the images of either half, as `_compute` kept them."""
    with np.load(_features_file(Setting(probe=probe, side=side, images=images), task)) as file:
        return [file["a"], file["b"]]


def _features_file(setting: Setting, task: str) -> Path:
    folder = f"{setting.probe}-{setting.side}px-{setting.images}images"
    return cache() / "features" / folder / f"{task}.npz"


def _features(
    setting: Setting, task: DevelopmentTask, chosen: list[Labels]
) -> list[NDArray[np.float32]]:
    """Return the features of either half; the head penalties share them."""
    if not _features_file(setting, task.name).exists():
        probe = _probe(setting.probe, setting.side)
        images = _sample(setting.probe, setting.side, task).images
        a, b = (
            probe.features([images[position] for position in half], batch_size=BATCH).numpy()
            for half in chosen
        )
        _save(_features_file(setting, task.name), a=a, b=b)
    return features_of(setting.probe, setting.side, setting.images, task.name)


def _save(path: Path, **arrays: Any) -> None:
    """Write an npz that is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.rename(path)


if __name__ == "__main__":
    main()
