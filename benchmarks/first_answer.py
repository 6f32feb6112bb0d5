"""How long the first `task2vec recommend` takes in a fresh store, from process start to answer."""

import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.pictures import write_pictures
from benchmarks.timed_command import timed

IMAGES, CLASSES, SIZE, RUNS = 300, 5, (500, 375), 5
GOAL_SECONDS = 10.0
_LIBRARIES = "import torch, timm, sklearn.linear_model"
#: An answer that leaves the default, and one that keeps it.
_ANSWERED = (0, 3)


def measure(runs: int = RUNS) -> dict[str, Any]:
    """Return medians over fresh processes; the first, which fills the disk's cache, is left out.

    Nothing is measured on the images, so that the answer rests on what ships. ``processor`` counts
    the seconds of all threads: on a machine that is busy with other things only that tells.
    ``libraries_processor_seconds`` is what a process takes that only imports torch, timm and
    scikit-learn, in turns with the others: a part of the answer's that is no computation.
    """
    answers, libraries = [], []
    with TemporaryDirectory(prefix="task2vec-first-") as place:
        source = write_pictures(Path(place) / "pictures", images=IMAGES, classes=CLASSES, size=SIZE)
        for run in range(runs + 1):
            answers.append(_answer(source, Path(place) / f"store-{run}"))
            libraries.append(timed([sys.executable, "-c", _LIBRARIES])[1])
    del answers[0], libraries[0]
    clock = median(seconds for seconds, _ in answers)
    return {
        "images": IMAGES,
        "size": list(SIZE),
        "runs": runs,
        "seconds": round(clock, 2),
        "seconds_all": [round(seconds, 2) for seconds, _ in answers],
        "processor_seconds": round(median(processor for _, processor in answers), 2),
        "libraries_processor_seconds": round(median(libraries), 2),
        "goal": f"<= {GOAL_SECONDS:g} s on two idle cores",
        "met": clock <= GOAL_SECONDS,
    }


def _answer(source: Path, store: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "task2vec", "recommend", str(source), "--budget", "0"]
    clock, processor, output = timed(
        [*command, "--json"], codes=_ANSWERED, TASK2VEC_STORE=str(store)
    )
    assert json.loads(output)["recommendations"]
    return clock, processor
