"""The peak memory and time of embedding one task, in a process of its own."""

import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.examples import folder
from benchmarks.pictures import write_pictures

TASK = "fashion_tops"
LARGE, CLASSES, PIXELS = 10_000, 10, 224
GOAL_MIB = 1.5e9 / 2**20


def measure() -> dict[str, Any]:
    """Return what one `task2vec.embed` of 300 images takes, from process start to result."""
    return {"task": TASK, **_in_a_process(folder(TASK), "efficientnet_lite0", 300)}


def measure_large(images: int = LARGE) -> dict[str, Any]:
    """Return the same for 10,000 JPEG pictures on disk, at 224 pixels a side."""
    with TemporaryDirectory(prefix="task2vec-memory-") as place:
        write_pictures(Path(place), images=images, classes=CLASSES)
        found = _in_a_process(Path(place), f"efficientnet_lite0?input_size={PIXELS}", images)
    return {
        **found,
        "pixels": PIXELS,
        "goal": "peak memory of 10,000 images <= 1.5 GB (1,431 MiB)",
        "met": found["images"] == LARGE and found["peak_memory_mib"] <= GOAL_MIB,
    }


def _in_a_process(source: Path, probe: str, images: int) -> dict[str, Any]:
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", str(source), probe, str(images)],
        check=True,
        capture_output=True,
        text=True,
    )
    return {**json.loads(done.stdout), "wall_seconds": round(perf_counter() - started, 2)}


def _embed_once(source: str, probe: str, images: str) -> dict[str, Any]:
    from task2vec.data.open import open_source
    from task2vec.embedding.engine import LocalEngine
    from task2vec.embedding.settings import EmbeddingSettings

    marks: dict[str, int] = {}
    embedded = LocalEngine().embed(
        open_source(source),
        probe=probe,
        settings=EmbeddingSettings(images=int(images)),
        # The peak so far when a stage was last heard of; the head is fitted after "features".
        progress=lambda stage, _done, _total: marks.__setitem__(stage, _peak()),
    )
    return {
        "images": embedded.embedding.provenance.images,
        "peak_memory_mib": _peak(),
        "peak_memory_mib_by_stage": marks,
    }


def _peak() -> int:
    # Linux counts in KiB.
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    print(json.dumps(_embed_once(*sys.argv[1:])))
