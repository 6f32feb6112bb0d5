"""What a result was measured on."""

import os
import platform
from importlib.metadata import version

import torch

from task2vec.finetune.machine import processor


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
