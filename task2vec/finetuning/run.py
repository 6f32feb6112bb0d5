"""Fine-tunes a starting model on a task and writes the checkpoint; knows no store."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from task2vec.data.task import Task
from task2vec.embedding.embedder import Progress
from task2vec.finetuning.checkpoint import Expert, write_checkpoint
from task2vec.finetuning.recipe import FineTuned, classify, fine_tune
from task2vec.finetuning.result import PROTOCOL, ClassAccuracy, Tuned
from task2vec.finetuning.resume import Unfinished, key_of, place
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.finetuning.splits import Holdout, Labelled, hold_out
from task2vec.finetuning.temperature import Temperature, fit_temperature
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.weight_files import file_hash
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy
from task2vec.types.tuning import Recipe

__all__ = ["Expert", "forget", "tune"]


def tune(
    probe: Probe,
    task: Task,
    *,
    images: int,
    settings: FineTuningSettings,
    expert: Expert,
    target: Path,
    progress: Progress | None = None,
    unfinished: Path | None = None,
) -> Tuned:
    """Fine-tune, test on images that took no part, write the checkpoint under timm's names.

    ``images`` bounds what is drawn. ``progress`` is called with (stage, images done, images of the
    stage): first "reading", then the words for each step, such as "epoch 2 of at most 8, best so
    far 69 % (epoch 1)".

    In the folder ``unfinished`` lies what an interruption would lose: the next call with the same
    images, start and settings goes on from the last epoch there. It stays until `forget` is called,
    once the expert is stored.

    Raises `SourceError` when the task cannot be used, `WeightsError` when ``target`` cannot be
    written, or the starting model cannot be trained by the recipe.
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
    tick = _Ticks(tell)
    state = _unfinished(unfinished, probe, parts, settings=settings, expert=expert)
    tuned = fine_tune(
        probe,
        parts.training,
        parts.validation,
        classes=len(parts.classes),
        settings=settings,
        say=tick.say,
        tick=tick,
        unfinished=state,
    )
    temperature = Temperature()
    if tuned.held_out is not None:
        temperature = fit_temperature(tuned.held_out.logits.numpy(), tuned.held_out.labels)
    correct = np.zeros(0, dtype=np.bool_)
    by_class: tuple[ClassAccuracy, ...] = ()
    if parts.test.images:
        tick.say("testing", len(parts.test.images))
        logits = classify(tuned.backbone, tuned.classifier, probe, parts.test.images, tick=tick)
        correct = logits.argmax(dim=1).numpy() == parts.test.labels
        by_class = _by_class(correct, parts.test.labels, parts.classes)
    seconds = perf_counter() - started
    write_checkpoint(
        target,
        probe,
        backbone=tuned.backbone,
        classifier=tuned.classifier,
        recipe=tuned.recipe,
        best_epoch=tuned.best_epoch,
        classes=parts.classes,
        expert=expert,
        temperature=temperature,
    )
    return Tuned(
        correct=tuple(correct.tolist()),
        test_keys=parts.test.keys,
        protocol=_protocol(probe, tuned, settings),
        recipe=tuned.recipe,
        choice=tuned.choice,
        curve=tuned.curve,
        by_class=by_class,
        epochs=tuned.epochs,
        best_epoch=tuned.best_epoch,
        seconds=seconds,
        settings=settings,
        sha256=file_hash(target),
        warnings=(
            *task.warnings,
            *parts.warnings,
            *temperature.warnings,
            *state.warnings,
        ),
        resumed=state.gone_on,
        images=images,
    )


def _protocol(probe: Probe, tuned: FineTuned, settings: FineTuningSettings) -> str:
    """Return the words for how it was made; a recipe that was chosen is not among them.

    A gain is over the default by the same protocol, and by the same images another recipe may be
    the better one for the default.
    """
    fixed = "" if settings.recipe is Recipe.AUTO else f"{settings.recipe} "
    return (
        f"{PROTOCOL} {fixed}{probe.card.preprocessing.input_size}px "
        f"{tuned.training_images} images seed {settings.seed}"
    )


def _by_class(
    correct: NDArray[np.bool_], labels: NDArray[np.int64], classes: Sequence[str]
) -> tuple[ClassAccuracy, ...]:
    """Count the right answers of each class that was tested."""
    images = np.bincount(labels, minlength=len(classes))
    right = np.bincount(labels[correct], minlength=len(classes))
    return tuple(
        ClassAccuracy(label=label, images=int(n), correct=int(r))
        for label, n, r in zip(classes, images, right, strict=True)
        if n
    )


def forget(folder: Path, expert: str) -> None:
    """Remove what was left of making an expert of this name: it is stored, or not wanted."""
    with suppress(OSError):
        place(folder, expert).unlink(missing_ok=True)


class _Ticks:
    """Adds up the images that went through the network in the present step.

    Steps are counted one by one: how many there will be is not known, since training stops early
    and all images are trained on only where fine-tuning is chosen.
    """

    def __init__(self, tell: Progress) -> None:
        self._tell = tell
        self._doing, self._done, self._total = "", 0, 0

    def __call__(self, images: int) -> None:
        self._done += images
        self._tell(self._doing, self._done, self._total)

    def say(self, doing: str, images: int) -> None:
        """Begin a step, named in words, in which this many images go through the network."""
        self._doing, self._done, self._total = doing, 0, images
        self._tell(doing, 0, images)


def _unfinished(
    folder: Path | None,
    probe: Probe,
    parts: Holdout[Pixels],
    *,
    settings: FineTuningSettings,
    expert: Expert,
) -> Unfinished:
    if folder is None:
        return Unfinished()
    key = key_of(
        # What earlier versions left has other names.
        form=3,
        start=probe.fingerprint,
        settings=asdict(settings),
        classes=parts.classes,
        images=[_digest(part) for part in (parts.training, parts.validation)],
    )
    return Unfinished(place(folder, expert.name), key)


def _digest(part: Labelled[Pixels]) -> str:
    digest = sha256(part.labels.tobytes())
    for image in part.images:
        digest.update(image.tobytes())
    return digest.hexdigest()


def short_tuning(
    probe: Probe, task: Task, *, images: int, settings: FineTuningSettings
) -> ProbeAccuracy | None:
    """Fine-tune, and return which of the images held out for testing were right.

    For the same ``images`` and seed the same ones are held out, so that models can be compared: a
    quarter of those that train. A split called test is for the accuracy of what is made in the end,
    which would flatter it if it had chosen the start; it is not looked at.

    What is tested is made by the recipe of the settings, and ``recipe`` of the answer says what
    ``auto`` chose. So does `finetune`, and what it will give is the question.

    Nothing is kept. None where no image can be held out, and of a task that is all test. Raises
    `SourceError` when the task cannot be used.
    """
    own = task.without("test")
    if own is None:
        return None
    parts: Holdout[Pixels] = hold_out(
        own, images=images, seed=settings.seed, transform=probe.preprocess
    )
    if not parts.test.images:
        return None
    tuned = fine_tune(
        probe, parts.training, parts.validation, classes=len(parts.classes), settings=settings
    )
    logits = classify(tuned.backbone, tuned.classifier, probe, parts.test.images)
    right = logits.argmax(dim=1).numpy() == parts.test.labels
    return ProbeAccuracy(right, recipe=tuned.recipe)
