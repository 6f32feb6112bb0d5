"""What a result was measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import torch


def describe() -> dict[str, str | int]:
    """Return processor, cores, threads and the versions that decide speed."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "threads": torch.get_num_threads(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": version("torch"),
        "timm": version("timm"),
        "task2vec": version("task2vec"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown"
