"""The peak memory and time of embedding one task, in a process of its own."""

import json
import resource
import subprocess
import sys
from time import perf_counter
from typing import Any

from benchmarks.examples import folder

TASK = "fashion_tops"


def measure() -> dict[str, Any]:
    """Return what one `task2vec.embed` of 300 images takes, from process start to result."""
    started = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory"], check=True, capture_output=True, text=True
    )
    return {**json.loads(done.stdout), "wall_seconds": round(perf_counter() - started, 2)}


def _embed_once() -> dict[str, Any]:
    import task2vec

    embedding = task2vec.embed(folder(TASK))
    # Linux counts in KiB.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "task": TASK,
        "images": embedding.provenance.images,
        "peak_memory_mib": round(peak),
    }


if __name__ == "__main__":
    print(json.dumps(_embed_once()))
