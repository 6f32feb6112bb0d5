"""A short fine-tuning of a starting model on a task, for comparison with others."""

from task2vec.data.task import Task
from task2vec.probe.probe import Pixels, Probe
from task2vec.recommend.classifying import classify
from task2vec.recommend.finetune import fine_tune
from task2vec.recommend.holdout import Holdout, hold_out
from task2vec.recommend.probe_accuracy import ProbeAccuracy
from task2vec.recommend.tuning_settings import FineTuningSettings


def short_tuning(
    probe: Probe, task: Task, *, images: int, settings: FineTuningSettings
) -> ProbeAccuracy | None:
    """Fine-tune, and return which of the images held out for testing were right.

    For the same ``images`` and seed the same ones are held out, so that models can be compared.
    Nothing is kept. None where no image can be held out. Raises `SourceError` when the task cannot
    be used.
    """
    parts: Holdout[Pixels] = hold_out(
        task, images=images, seed=settings.seed, transform=probe.preprocess
    )
    if not parts.test.images:
        return None
    tuned = fine_tune(
        probe, parts.training, parts.validation, classes=len(parts.classes), settings=settings
    )
    logits = classify(tuned.backbone, tuned.classifier, probe, parts.test.images)
    return ProbeAccuracy(logits.argmax(dim=1).numpy() == parts.test.labels)
