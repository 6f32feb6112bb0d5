"""Last stages fine-tuned on a target: what of a probe's gain is left."""

import time
import zlib
from functools import cache as cache_result

import numpy as np
import torch
from torch import nn

from research.large_zoo.draws import SHOTS
from research.large_zoo.images import default_stage, stage_features
from research.large_zoo.outcomes import Answers, Right, Target
from research.large_zoo.plan import Source
from research.large_zoo.tables import TunedRow
from research.large_zoo.training import stage_training
from task2vec.finetuning.classify import unheard
from task2vec.finetuning.settings import RATE, FineTuningSettings

#: Targets that an expert of one task is fine-tuned on, drawn from those that it has outcomes on.
TRIED = 2
SETTINGS = FineTuningSettings(learning_rate=RATE)


def tried(source: Source, targets: list[str]) -> list[tuple[str, int]]:
    """Return those of the targets that an expert is fine-tuned on, each with images a class."""
    if len(source.tasks) > 1:
        return []
    rng = np.random.default_rng([zlib.crc32(b"tuned"), source.number])
    names = rng.choice(targets, min(TRIED, len(targets)), replace=False)
    return [(str(name), int(rng.choice(SHOTS))) for name in names]


def tuned_cell(model: str, stage: nn.Module, target: Target, shots: int) -> TunedRow:
    """Fine-tune a model on the first draw of a target, and compare it with the default."""
    began = time.process_time()
    right = tuned_right(stage, target, shots)
    seconds = time.process_time() - began
    plain = _default_right(target, shots)
    return TunedRow(
        model=model,
        target=target.images.name,
        shots=shots,
        tested=len(right),
        probed=int(Answers(target, stage).right(shots, 0).sum()),
        tuned=int(right.sum()),
        default_tuned=int(plain.sum()),
        won=int((right & ~plain).sum()),
        lost=int((plain & ~right).sum()),
        seconds=seconds,
    )


@cache_result
def _default_right(target: Target, shots: int) -> Right:
    return tuned_right(default_stage(), target, shots)


def tuned_right(stage: nn.Module, target: Target, shots: int) -> Right:
    """Return which test images (T,) of the first draw a fine-tuned last stage gets right."""
    images, draw = target.images, target.draws[0]
    rows = draw.train[shots]
    run = stage_training(stage, images, rows, images.labels[rows], SETTINGS)
    while run.epoch < run.epochs:
        run.run_epoch(unheard)
    with torch.inference_mode():
        features = torch.from_numpy(stage_features(run.backbone, images.plain[draw.test]))
        answers = run.classifier(features).argmax(dim=1).numpy()
    return np.asarray(answers == images.labels[draw.test])
