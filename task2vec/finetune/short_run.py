"""A short fine-tuning of a starting model on a task, for comparison with others."""

from task2vec.data.task import Task
from task2vec.finetune.classify import classify
from task2vec.finetune.recipe import fine_tune
from task2vec.finetune.settings import FineTuningSettings
from task2vec.finetune.splits import Holdout, hold_out
from task2vec.probe.probe import Pixels, Probe
from task2vec.recommend.measure.probe_accuracy import ProbeAccuracy


def short_tuning(
    probe: Probe, task: Task, *, images: int, settings: FineTuningSettings
) -> ProbeAccuracy | None:
    """Fine-tune, and return which of the images held out for testing were right.

    For the same ``images`` and seed the same ones are held out, so that models can be compared: a
    quarter of those that train. A split called test is for the accuracy of what is made in the end,
    which would flatter it if it had chosen the start; it is not looked at.

    What is tested is the ``recipe`` that fine-tuning chooses, a linear probe where that is the
    better one: so does `finetune`, and what it will give is the question.

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
    return ProbeAccuracy(right, recipe=tuned.choice.chosen if tuned.choice else None)
