"""Reading and decoding by several threads against one: large photographs and small icons."""

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from unittest.mock import patch

from benchmarks.pictures import write_pictures
from task2vec.data.open import open_source
from task2vec.data.pixels import prefetch
from task2vec.data.sampling.spool import draw_spooled
from task2vec.data.task import Task
from task2vec.probe.probe import Probe
from task2vec.probe.registry import load_probe

KINDS: dict[str, tuple[int, tuple[int, int]]] = {
    "photographs": (60, (2000, 1500)),
    "pictures": (300, (500, 375)),
    "icons": (600, (64, 64)),
}
ROUNDS = 5


def measure() -> dict[str, Any]:
    """Return the images a second with one thread and with as many as there are processors."""
    probe = load_probe("efficientnet_lite0")
    threads = prefetch.usable_processors()
    kinds = {}
    with TemporaryDirectory(prefix="task2vec-decoding-") as place:
        for kind, (images, size) in KINDS.items():
            source = write_pictures(Path(place) / kind, images=images, classes=5, size=size)
            kinds[kind] = _compare(open_source(source), images, probe, threads)
            kinds[kind]["size"] = list(size)
    gains = [kind["gain"] for kind in kinds.values()]
    return {
        "threads": threads,
        "kinds": kinds,
        "goal": "photographs at least 1.6 times as fast on two cores, icons no slower",
        "met": kinds["photographs"]["gain"] >= 1.6 and min(gains) >= 1,
    }


def _compare(task: Task, images: int, probe: Probe, threads: int) -> dict[str, Any]:
    seconds: dict[int, list[float]] = {1: [], threads: []}
    for _ in range(ROUNDS + 1):
        for count, found in seconds.items():
            with patch.object(prefetch, "usable_processors", lambda count=count: count):
                started = perf_counter()
                draw_spooled(task, images=images, seed=0, transform=probe.preprocess)
                found.append((perf_counter() - started) / images)
    # The first round fills the disk's cache.
    one, several = (median(found[1:]) for found in (seconds[1], seconds[threads]))
    return {
        "images_per_second_one_thread": round(1 / one, 1),
        "images_per_second": round(1 / several, 1),
        "gain": round(one / several, 2),
    }
