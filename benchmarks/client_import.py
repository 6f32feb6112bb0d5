"""How long a client takes to import, in fresh processes, by the clock and by the processor."""

import statistics
import subprocess
import sys
from typing import Any

RUNS = 15

_CODE = """
import time
clock, processor = time.perf_counter(), time.process_time()
from task2vec import Client
print(time.perf_counter() - clock, time.process_time() - processor)
"""


def measure() -> dict[str, Any]:
    """Return seconds over some imports; the first, which fills the disk's cache, is left out.

    On a machine that is busy with other things only the processor's time tells.
    """
    clock, processor = zip(*(_once() for _ in range(RUNS + 1)), strict=True)
    return {
        "runs": RUNS,
        "clock_median": round(statistics.median(clock[1:]), 3),
        "clock_fastest": round(min(clock[1:]), 3),
        "processor_median": round(statistics.median(processor[1:]), 3),
    }


def _once() -> tuple[float, float]:
    command = [sys.executable, "-c", _CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    clock, processor = map(float, done.stdout.split())
    return clock, processor
