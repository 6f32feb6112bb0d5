"""How long `task2vec embed` takes on a folder of 200 pictures, from process start to result."""

import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pictures import write_pictures
from benchmarks.timed_command import timed

IMAGES, CLASSES, SIZE, RUNS = 200, 5, (500, 375), 5
GOAL_SECONDS, GOAL_IMPORT = 12.0, 0.3
_LIBRARIES = "import torch, timm, sklearn.linear_model"


def measure(runs: int = RUNS) -> dict[str, Any]:
    """Return medians over fresh processes; the first, which fills the disk's cache, is left out.

    ``processor`` counts the seconds of all threads: on a machine that is busy with other things
    only that tells. ``libraries`` is what a process takes that only imports torch, timm and
    scikit-learn, in turns with the others: how fast this machine is today.
    """
    with TemporaryDirectory(prefix="task2vec-cold-") as place:
        source = write_pictures(Path(place) / "pictures", images=IMAGES, classes=CLASSES, size=SIZE)
        embeds, libraries = [], []
        for run in range(runs + 1):
            embeds.append(_embed(source, Path(place) / f"store-{run}"))
            libraries.append(timed([sys.executable, "-c", _LIBRARIES])[0])
        del embeds[0], libraries[0]
    imports = [timed([sys.executable, "-c", "import task2vec"])[:2] for _ in range(runs + 1)][1:]
    bare = [timed([sys.executable, "-c", "pass"])[:2] for _ in range(runs + 1)][1:]
    clock = median(run[0] for run in embeds)
    imported = median(run[0] for run in imports) - median(run[0] for run in bare)
    return {
        "images": IMAGES,
        "size": list(SIZE),
        "runs": runs,
        "embed_seconds": round(clock, 2),
        "embed_seconds_all": [round(run[0], 2) for run in embeds],
        "embed_processor_seconds": round(median(run[1] for run in embeds), 2),
        "libraries_seconds": round(median(libraries), 2),
        "embed_over_libraries": round(clock / median(libraries), 2),
        "import_seconds": round(imported, 3),
        "goal": f"embed <= {GOAL_SECONDS:g} s, import of task2vec <= {GOAL_IMPORT:g} s",
        "met": clock <= GOAL_SECONDS and imported <= GOAL_IMPORT,
    }


def _embed(source: Path, store: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "task2vec", "embed", str(source), "--json"]
    clock, processor, output = timed(command, TASK2VEC_STORE=str(store))
    assert json.loads(output)["images"] == IMAGES
    return clock, processor
