"""What the starting models see in the images of a target, computed once and kept."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from research.development.tasks import cache
from research.transfer.targets import Target
from research.transfer.zoo import Starting
from task2vec.probe.probe import Pixels

BATCH = 16
Features = NDArray[np.float32]


def features_of(model: Starting, target: Target) -> Features:
    """Return the (N, D) features of a target's images."""
    return kept_features(model, target.images, _path(model.name, target.name))


def kept_features(model: Starting, images: Sequence[Pixels], path: Path) -> Features:
    """Return the (N, D) features of images, kept in a file of half precision."""
    if not path.exists():
        found = model.probe.features(images, batch_size=BATCH).numpy().astype(np.float16)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.save(file, found)
        partial.rename(path)
    features: Features = np.load(path).astype(np.float32)
    return features


def source_logits(model: Starting, features: Features) -> Features:
    """Return the (N, S) logits that the classifier of a model's own training gives them."""
    with torch.inference_mode():
        logits: Features = model.classifier(torch.from_numpy(features)).numpy()
    return logits


def _path(model: str, target: str) -> Path:
    return cache() / "features" / model / f"{target}.npy"
