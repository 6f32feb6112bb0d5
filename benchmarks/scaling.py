"""Time against the number of images (linear) and of classes (flat, apart from the head)."""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.pictures import write_pictures
from task2vec.data.open import open_source
from task2vec.data.task import Task
from task2vec.embedding import embedder as embedder_module
from task2vec.embedding import head_noise as head_noise_module
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.engine.allocator import keep_freed_memory
from task2vec.probe.head import Head, fit_head
from task2vec.probe.probe import Probe
from task2vec.probe.registry import load_probe

#: Small inputs: the laws are about numbers of images and classes, whatever an image costs.
PROBE = "efficientnet_lite0?input_size=64"
IMAGES = (100, 300, 1_000, 3_000)
CLASSES = (2, 10, 100, 1_000)
IMAGES_OF_CLASSES = 2_000
ROUNDS = 3


def measure() -> dict[str, Any]:
    """Measure both laws; sizes alternate, so that a slow minute hits all of them."""
    return _measure(IMAGES)


def measure_large() -> dict[str, Any]:
    """Measure both laws, up to 10,000 images."""
    return _measure((*IMAGES, 10_000))


def _measure(
    sizes: tuple[int, ...],
    classes: tuple[int, ...] = CLASSES,
    images_of_classes: int = IMAGES_OF_CLASSES,
) -> dict[str, Any]:
    keep_freed_memory()
    probe = load_probe(PROBE)
    with TemporaryDirectory(prefix="task2vec-scaling-") as place:
        most = write_pictures(Path(place) / "many", images=max(sizes), classes=10, size=(96, 96))
        folders = {
            count: write_pictures(
                Path(place) / str(count), images=images_of_classes, classes=count, size=(96, 96)
            )
            for count in classes
        }
        many = open_source(most)
        tasks = {count: open_source(path) for count, path in folders.items()}
        _embed(probe, many, min(sizes))
        by_images: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
        by_classes: dict[int, list[dict[str, float]]] = {count: [] for count in classes}
        for _ in range(ROUNDS):
            for size in sizes:
                by_images[size].append(_embed(probe, many, size))
            for count in classes:
                by_classes[count].append(_embed(probe, tasks[count], images_of_classes))
    images = {size: _median(runs) for size, runs in by_images.items()}
    flat = {count: _median(runs) for count, runs in by_classes.items()}
    slope = growth({size: run["all_but_head"] for size, run in images.items()})
    rest = [run["all_but_head"] for run in flat.values()]
    spread = max(rest) / min(rest) - 1
    return {
        "probe": PROBE,
        "rounds": ROUNDS,
        "seconds_by_images": images,
        "time_grows_as_images_to_the": round(slope, 3),
        "images_of_classes": images_of_classes,
        "seconds_by_classes": flat,
        "spread_over_classes_apart_from_the_head": round(spread, 3),
        "goal": "linear in images (power 0.9 to 1.1); flat within 10 % over classes, but the head",
        "met": 0.9 <= slope <= 1.1 and spread <= 0.1,
    }


def _embed(probe: Probe, task: Task, images: int) -> dict[str, float]:
    """Embed, and tell the fits of heads from the rest."""
    heads: list[float] = []

    def timed(*arguments: Any, **options: Any) -> Head:
        started = perf_counter()
        head = fit_head(*arguments, **options)
        heads.append(perf_counter() - started)
        return head

    with (
        patch.object(embedder_module, "fit_head", timed),
        patch.object(head_noise_module, "fit_head", timed),
    ):
        started = perf_counter()
        embedded = Embedder(probe, EmbeddingSettings(images=images)).embed(task)
        seconds = perf_counter() - started
    assert embedded.embedding.provenance.images == images
    return {"all_but_head": seconds - sum(heads), "head": sum(heads)}


def _median(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(median(run[name] for run in runs), 3) for name in runs[0]}


def growth(seconds: dict[int, float]) -> float:
    """Return the power of the number of images as which the time grows beyond its constant part.

    A part of the time does not depend on the number, such as comparing two heads on 32 images. So
    what is looked at is the time beyond that of the smallest size, against the images beyond it:
    the power is 1 if and only if one more image always costs the same.
    """
    (few, least), *others = sorted(seconds.items())
    images = np.log([size - few for size, _ in others])
    times = np.log([found - least for _, found in others])
    slope, _ = np.polyfit(images, times, 1)
    return float(slope)
