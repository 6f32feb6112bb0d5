"""What a result was measured on, and when."""

import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from task2vec.finetuning.probe_cache import processor


def record(measure: Callable[[], Any], file: Path) -> str:
    """Measure, and write the result with its date, machine and seconds; return what was written.

    Nothing is written where the result is None: it cannot be measured here.
    """
    begun = perf_counter()
    result = measure()
    if result is None:
        return "not measured here"
    dated = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe(),
        "seconds": round(perf_counter() - begun),
        "result": result,
    }
    text = json.dumps(dated, indent=2, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")
    return text


def describe() -> dict[str, str | int]:
    """Return processor, cores, threads and the versions that decide speed."""
    return {
        "processor": processor(),
        "cores": os.cpu_count() or 0,
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": version("torch"),
        "timm": version("timm"),
        "task2vec": version("task2vec"),
    }
