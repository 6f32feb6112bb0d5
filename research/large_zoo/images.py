"""The images of a task as the trunk of the default passes them on, computed once and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache as cache_result
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from research.development.tasks import cache, development_tasks
from research.large_zoo.plan import joined_labels
from research.transfer.targets import Indices
from research.transfer.zoo import DEFAULT, plain_model
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.finetuning.foreseen_work import VIEWS
from task2vec.finetuning.last_stage import split
from task2vec.finetuning.stage_training import seen
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.registry import load_probe

_BATCH = 64


@dataclass(frozen=True, eq=False)
class TaskImages:
    """All N images of a task, class by class, or those of several, one after the other.

    ``labels`` (N,) and ``objects`` (N,) are numbers: frames of one sprite, or tones of one emoji,
    are an object. ``plain`` (N, C, h, w) and ``views`` (V, N, C, h, w) are what the trunk says of
    them at 96 pixels, of the image as it is and jittered, in half precision. ``features`` (N, D)
    are those that the default embeds by, at its own size.
    """

    tasks: tuple[str, ...]
    labels: Indices
    objects: Indices
    plain: NDArray[np.float16]
    views: NDArray[np.float16]
    features: NDArray[np.float32]

    @property
    def name(self) -> str:
        """The task's name; of several those of all."""
        return "+".join(self.tasks)

    @property
    def classes(self) -> int:
        """The number of classes."""
        return int(self.labels.max()) + 1


def joined(parts: Sequence[TaskImages]) -> TaskImages:
    """Return the images of several tasks as those of one with the classes of all."""
    if len(parts) == 1:
        return parts[0]
    return TaskImages(
        tasks=tuple(name for part in parts for name in part.tasks),
        labels=joined_labels([part.labels for part in parts]),
        objects=joined_labels([part.objects for part in parts]),
        plain=np.concatenate([part.plain for part in parts]),
        views=np.concatenate([part.views for part in parts], axis=1),
        features=np.concatenate([part.features for part in parts]),
    )


def folder() -> Path:
    """Return where the zoo is kept, made where it is missing."""
    path = cache() / "large_zoo"
    path.mkdir(exist_ok=True)
    return path


@cache_result
def default_probe() -> Probe:
    """Return the default as experts are trained and tried."""
    return plain_model(DEFAULT).probe


@cache_result
def embedding_probe() -> Probe:
    """Return the default as it embeds, at its own size."""
    return load_probe(DEFAULT)


def default_stage() -> nn.Module:
    """Return the default's last stage."""
    return split(default_probe().backbone)[1]


@cache_result
def task_images(name: str) -> TaskImages:
    """Return the images of a development task, passed through the trunk where none were kept."""
    path = folder() / "tasks" / f"{name}.npz"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(".partial.npz")
        np.savez(partial, **_computed(name))
        partial.rename(path)
    with np.load(path) as file:
        return TaskImages((name,), **dict(file))


@cache_result
def pixels_of(name: str) -> tuple[Pixels, ...]:
    """Return the pixels of a task's images as the default embeds them."""
    task = open_source(development_tasks()[name].folder)
    return tuple(all_images(task, transform=embedding_probe().preprocess).images)


def stage_features(stage: nn.Module, seen_by_trunk: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return the (n, D) features that a last stage makes of what the trunk said."""
    with torch.inference_mode():
        parts = [
            stage(as_input(seen_by_trunk[first : first + _BATCH]))
            for first in range(0, len(seen_by_trunk), _BATCH)
        ]
    found: NDArray[np.float32] = torch.cat(parts).numpy()
    return found


def as_input(seen_by_trunk: NDArray[np.float16]) -> Tensor:
    """Return single precision, the channels last in memory, as the trunk's own output has them."""
    return torch.from_numpy(seen_by_trunk.astype(np.float32)).contiguous(
        memory_format=torch.channels_last
    )


def _computed(name: str) -> dict[str, Any]:
    probe, embedding = default_probe(), embedding_probe()
    task = open_source(development_tasks()[name].folder)
    sample = all_images(task, transform=probe.preprocess)
    trunk, _ = split(probe.backbone)
    images = tuple(sample.images)
    generator = torch.Generator().manual_seed(0)
    names = [key.partition("__")[0] for key in sample.keys]
    return {
        "labels": sample.labels,
        "objects": np.unique(names, return_inverse=True)[1],
        "plain": _half(seen(probe, trunk, images, None)),
        "views": np.stack([_half(seen(probe, trunk, images, generator)) for _ in range(VIEWS)]),
        "features": embedding.features(pixels_of(name)).numpy(),
    }


def _half(found: Tensor) -> NDArray[np.float16]:
    half: NDArray[np.float16] = found.contiguous().numpy().astype(np.float16)
    return half
