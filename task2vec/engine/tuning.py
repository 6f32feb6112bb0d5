"""Fine-tunes a starting model on a task and writes the checkpoint; knows no store."""

from pathlib import Path
from time import perf_counter

import numpy as np

from task2vec.data.task import Task
from task2vec.embedding.embedder import Progress
from task2vec.engine.checkpoint import Expert, write_checkpoint
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.weight_files import file_hash
from task2vec.recommend.finetune import Progress as EpochProgress
from task2vec.recommend.finetune import classify, fine_tune, passes
from task2vec.recommend.holdout import Holdout, hold_out
from task2vec.recommend.temperature import Temperature, fit_temperature
from task2vec.recommend.tuned import Tuned
from task2vec.recommend.tuning_settings import FineTuningSettings

__all__ = ["Expert", "tune"]


def tune(
    probe: Probe,
    task: Task,
    *,
    images: int,
    settings: FineTuningSettings,
    expert: Expert,
    target: Path,
    progress: Progress | None = None,
    epochs: EpochProgress | None = None,
) -> Tuned:
    """Fine-tune, test on images that took no part, write the checkpoint under timm's names.

    ``images`` bounds what is drawn; ``progress`` is told of the stages "reading" and "tuning" in
    images, ``epochs`` of the epochs. Raises `SourceError` when the task cannot be used,
    `WeightsError` when ``target`` cannot be written.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    started = perf_counter()
    parts: Holdout[Pixels] = hold_out(
        task,
        images=images,
        seed=settings.seed,
        transform=probe.preprocess,
        progress=lambda done, total: tell("reading", done, total),
    )
    tick = _Ticks(
        tell,
        passes(
            len(parts.training.images),
            validation=len(parts.validation.images),
            test=len(parts.test.images),
            settings=settings,
        )
        # Once more for the temperature.
        + len(parts.validation.images),
    )
    tuned = fine_tune(
        probe,
        parts.training,
        parts.validation,
        classes=len(parts.classes),
        settings=settings,
        progress=epochs,
        tick=tick,
    )
    temperature = Temperature()
    if parts.validation.images:
        logits = classify(
            tuned.backbone, tuned.classifier, probe, parts.validation.images, tick=tick
        )
        temperature = fit_temperature(logits.numpy(), parts.validation.labels)
    correct = np.zeros(0, dtype=np.bool_)
    if parts.test.images:
        logits = classify(tuned.backbone, tuned.classifier, probe, parts.test.images, tick=tick)
        correct = logits.argmax(dim=1).numpy() == parts.test.labels
    seconds = perf_counter() - started
    write_checkpoint(
        target, probe, tuned, classes=parts.classes, expert=expert, temperature=temperature
    )
    return Tuned(
        correct=correct,
        test_keys=parts.test.keys,
        protocol=(
            f"fine-tuning/1 {probe.card.preprocessing.input_size}px "
            f"{len(parts.training.images)} images seed {settings.seed}"
        ),
        epochs=tuned.epochs,
        best_epoch=tuned.best_epoch,
        seconds=seconds,
        settings=settings,
        sha256=file_hash(target),
        warnings=(
            *task.warnings,
            *parts.warnings,
            *_unseen(parts.validation.keys),
            *temperature.warnings,
        ),
    )


class _Ticks:
    """Adds up the images that went through the network."""

    def __init__(self, tell: Progress, total: int) -> None:
        self._tell = tell
        self._total = total
        self._done = 0

    def __call__(self, images: int) -> None:
        self._done += images
        self._tell("tuning", self._done, self._total)


def _unseen(validation: tuple[str, ...]) -> list[str]:
    if validation:
        return []
    return ["too few images a class to validate on: the last epoch is kept, good or bad"]
