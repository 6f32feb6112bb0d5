"""What a machine computes with: seconds that were measured on another one say nothing here."""

import os
import platform
from functools import cache
from pathlib import Path

from task2vec.data.pixels.prefetch import allowed_processors


def machine() -> str:
    """Return the name of the processor, and how many threads compute on it."""
    cores = allowed_processors()
    # As torch reads it, which need not be loaded here.
    return f"{processor()}, {os.environ.get('OMP_NUM_THREADS') or cores} threads of {cores} cores"


@cache
def processor() -> str:
    """Return the name of the processor, or of its kind where the system does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
