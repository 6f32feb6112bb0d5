"""Experts: the default's last stage trained on a source, an early checkpoint and the last kept."""

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from research.large_zoo.images import (
    TaskImages,
    as_input,
    default_probe,
    default_stage,
    folder,
    stage_features,
)
from research.large_zoo.plan import Source
from research.transfer.targets import Indices
from task2vec.finetuning.classify import unheard
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Labelled
from task2vec.finetuning.training import Training
from task2vec.probe.probe import Probe
from task2vec.probe.weights import read_safetensors, write_safetensors
from task2vec.types.tuning import Recipe

#: The share of the epochs after which the early checkpoint is kept.
EARLY_SHARE = 0.25
_FEWEST_TESTS = 10


@dataclass(frozen=True, eq=False)
class StageExpert:
    """The last stage of an expert, early in its training and after it.

    ``accuracy`` is that on the images of its classes that it was not trained on, nan where they
    are fewer than 10; ``epochs`` of training in all, ``seconds`` of the processor.
    """

    early: nn.Module
    last: nn.Module
    accuracy: float
    epochs: int
    seconds: float


class CachedTraining(Training):
    """Training of a last stage on what the trunk said of each image in several ``views``.

    Each view is (N, C, h, w), of all N images; epochs take turns. The images of ``data`` are
    counted, and not looked at.
    """

    def __init__(
        self,
        stage: Probe,
        data: Labelled[Any],
        views: Sequence[Tensor],
        *,
        classifier: nn.Linear,
        settings: FineTuningSettings,
        rate: float,
    ) -> None:
        super().__init__(stage, data, classifier=classifier, settings=settings, rate=rate)
        self._views = views

    def inputs(self, chosen: Indices) -> Tensor:
        """Return what the trunk says of the images at these positions, in this epoch's view."""
        return self._views[self.epoch % len(self._views)][chosen]


def trained(source: Source, images: TaskImages) -> StageExpert:
    """Train an expert, and keep its weights in the cache."""
    began = time.process_time()
    settings = FineTuningSettings(learning_rate=source.rate, seed=source.number)
    run = stage_training(default_stage(), images, source.rows, source.labels, settings)
    until = max(1, round(EARLY_SHARE * run.epochs))
    early: nn.Module | None = None
    while run.epoch < run.epochs:
        run.run_epoch(unheard)
        if run.epoch == until:
            early = deepcopy(run.backbone).eval().requires_grad_(False)
    assert early is not None, "there is at least one epoch"
    last = rounded(run.backbone.eval().requires_grad_(False))
    seconds = time.process_time() - began
    save_stage(last, f"{source.number:03}")
    if source.has_early:
        save_stage(rounded(early), f"{source.number:03}-early")
    accuracy = _accuracy(run, source, images)
    return StageExpert(early, last, accuracy, run.epochs, seconds)


def stage_training(
    stage: nn.Module,
    images: TaskImages,
    rows: Indices,
    labels: Indices,
    settings: FineTuningSettings,
) -> CachedTraining:
    """Return the training of a last stage, with a classifier of zeros, on some of the images."""
    views = [as_input(view[rows]) for view in images.views]
    # Training asks how many images there are, and for their labels; it sees the views.
    data: Labelled[Any] = Labelled(tuple(rows), labels, tuple(map(str, rows)))
    width = stage_features(stage, images.plain[:1]).shape[1]
    return CachedTraining(
        Probe(default_probe().card, stage),
        data,
        views,
        classifier=nn.Linear(width, int(labels.max()) + 1),
        settings=settings,
        rate=settings.peak(Recipe.LAST_STAGE, few=False),
    )


def rounded(stage: nn.Module) -> nn.Module:
    """Round a stage's weights to what is kept of them, so that what is kept is what is measured.

    Matrices are kept in half precision; vectors, such as batch statistics, in full.
    """
    with torch.no_grad():
        for tensor in stage.state_dict().values():
            tensor.copy_(_kept(tensor).to(tensor.dtype))
    return stage


def save_stage(stage: nn.Module, name: str) -> None:
    """Keep the weights of a `rounded` stage."""
    state = {key: _kept(tensor) for key, tensor in stage.state_dict().items()}
    write_safetensors(_path(name), state, {})


def load_stage(name: str) -> nn.Module:
    """Return a last stage that was kept."""
    state, _ = read_safetensors(_path(name))
    stage = deepcopy(default_stage())
    own = stage.state_dict()
    stage.load_state_dict({key: tensor.to(own[key].dtype) for key, tensor in state.items()})
    return stage.eval().requires_grad_(False)


def _kept(tensor: Tensor) -> Tensor:
    return tensor.half() if tensor.ndim > 1 else tensor


def _path(name: str) -> Path:
    return folder() / "experts" / f"{name}.safetensors"


def _accuracy(run: CachedTraining, source: Source, images: TaskImages) -> float:
    others = np.flatnonzero(np.isin(images.labels, source.classes))
    others = np.setdiff1d(others, source.rows)
    if len(others) < _FEWEST_TESTS:
        return float("nan")
    with torch.inference_mode():
        features = torch.from_numpy(stage_features(run.backbone, images.plain[others]))
        answers = run.classifier(features).argmax(dim=1).numpy()
    return float((source.classes[answers] == images.labels[others]).mean())
