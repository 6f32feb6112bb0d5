"""Time against the number of images (linear) and of classes (flat, apart from the head)."""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.pictures import write_pictures
from task2vec.data.open import open_source
from task2vec.data.task import Task
from task2vec.embedding import embedder as embedder_module
from task2vec.embedding import head_noise as head_noise_module
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.head import Head, fit_head
from task2vec.probe.probe import Probe
from task2vec.probe.registry import load_probe

#: Small inputs: the laws are about numbers of images and classes, whatever an image costs.
PROBE = "efficientnet_lite0?input_size=64"
IMAGES = (100, 1_000, 3_000, 10_000)
CLASSES = (2, 10, 100, 1_000)
IMAGES_OF_CLASSES = 1_000
ROUNDS = 3
#: Embeddings of more images are measured once: a slow moment is a small part of them.
REPEATED = 1_000

#: The heads that an embedding fitted, in order, each with its seconds.
Fitted = list[tuple[Head, float]]


def measure() -> dict[str, Any]:
    """Measure both laws in seconds of the processor, which do not count waiting for a turn."""
    keep_freed_memory()
    probe = load_probe(PROBE)
    with TemporaryDirectory(prefix="task2vec-scaling-") as place:
        most = write_pictures(Path(place) / "many", images=max(IMAGES), classes=10, size=(96, 96))
        folders = {
            count: write_pictures(
                Path(place) / str(count), images=IMAGES_OF_CLASSES, classes=count, size=(96, 96)
            )
            for count in CLASSES
        }
        many = open_source(most)
        tasks = {count: open_source(path) for count, path in folders.items()}
        _embed(probe, many, images=min(IMAGES), fitted=[])
        images = _Least()
        flat = _Least()
        # Sizes alternate, so that a slow minute hits all of them.
        for number in range(ROUNDS):
            for count, task in tasks.items():
                fitted = flat.fitted(count)
                flat.add(count, _embed(probe, task, images=IMAGES_OF_CLASSES, fitted=fitted))
            for size in IMAGES:
                if number == 0 or size <= REPEATED:
                    fitted = images.fitted(size)
                    images.add(size, _embed(probe, many, images=size, fitted=fitted))
    slope, spread = growth(images.seconds), spread_of(flat.seconds)
    return {
        "probe": PROBE,
        "clock": "seconds of the processor, least of the rounds",
        "rounds": ROUNDS,
        "rounds_of_more_images_than_1000": 1,
        "seconds_by_images": images.rows(),
        "time_grows_as_images_to_the": round(slope, 3),
        "images_of_classes": IMAGES_OF_CLASSES,
        "seconds_by_classes": flat.rows(),
        "spread_over_classes_apart_from_the_head": round(spread, 3),
        "goal": "linear in images (power 0.9 to 1.1); flat within 10 % over classes, but the head",
        "met": 0.9 <= slope <= 1.1 and spread <= 0.1,
    }


class _Least:
    """The least seconds of each size, apart from its heads, which are fitted once."""

    def __init__(self) -> None:
        self.seconds: dict[int, float] = {}
        self._fitted: dict[int, Fitted] = {}

    def fitted(self, size: int) -> Fitted:
        """Return the heads of a size, which its first embedding puts there."""
        return self._fitted.setdefault(size, [])

    def add(self, size: int, seconds: float) -> None:
        """Take note of an embedding."""
        self.seconds[size] = min(seconds, self.seconds.get(size, seconds))
        print(f"  {size:,}: {seconds:.1f} s", flush=True)

    def rows(self) -> dict[int, dict[str, float]]:
        """Return the seconds of each size, and those of its heads."""
        return {
            size: {
                "all_but_head": round(seconds, 3),
                "head": round(sum(spent for _, spent in self._fitted[size]), 3),
            }
            for size, seconds in self.seconds.items()
        }


def _embed(probe: Probe, task: Task, *, images: int, fitted: Fitted) -> float:
    """Embed, and return the seconds apart from the fits of heads.

    The heads of the same embedding before are ``fitted`` and taken again; else they are put there.
    """
    known = iter([head for head, _ in fitted])
    spent = 0.0

    def fit(*arguments: Any, **options: Any) -> Head:
        nonlocal spent
        head = next(known, None)
        if head is None:
            started = process_time()
            head = fit_head(*arguments, **options)
            seconds = process_time() - started
            spent += seconds
            fitted.append((head, seconds))
        return head

    with (
        patch.object(embedder_module, "fit_head", fit),
        patch.object(head_noise_module, "fit_head", fit),
    ):
        started = process_time()
        embedded = Embedder(probe, EmbeddingSettings(images=images)).embed(task)
        seconds = process_time() - started
    assert embedded.embedding.provenance.images == images
    return seconds - spent


def spread_of(seconds: dict[int, float]) -> float:
    """Return by which part the slowest takes longer than the fastest."""
    return max(seconds.values()) / min(seconds.values()) - 1


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
