"""Which classes of a task are hard, and what they are taken for."""

import numpy as np

from task2vec.messages.explanations import ClassesJudged, ClassJudged, TakenFor
from task2vec.recommendation.prediction.intervals import wilson_interval
from task2vec.types.details import ClassRecognition

#: The share of repeats in which all intervals together hold the accuracies.
LEVEL = 0.95


def judge_classes(
    names: tuple[str, ...], recognition: tuple[ClassRecognition, ...]
) -> ClassesJudged:
    """Say which of the classes, so named, are hard.

    With C classes each interval has the level ``1 - 0.05/C`` (Bonferroni): of a hundred equally
    hard classes two or three would otherwise be called hard by chance.
    """
    judged = [i for i, each in enumerate(recognition) if each.images]
    accuracies = np.array([recognition[i].correct / recognition[i].images for i in judged])
    each_level = 1 - (1 - LEVEL) / len(judged)
    judgements = []
    for place, i in enumerate(judged):
        each = recognition[i]
        interval = wilson_interval(each.correct, each.images, level=each_level)
        others = float(np.delete(accuracies, place).mean())
        most = max(each.taken_for.items(), key=lambda item: (item[1], -item[0]), default=None)
        judgements.append(
            ClassJudged(
                name=names[i],
                images=each.images,
                correct=each.correct,
                accuracy=float(accuracies[place]),
                interval=interval,
                others=others,
                hard=interval[1] < others,
                taken_for=None if most is None else TakenFor(name=names[most[0]], images=most[1]),
            )
        )
    return ClassesJudged(
        images=sum(each.images for each in judgements),
        accuracy=float(accuracies.mean()),
        level=LEVEL,
        hard_classes=sum(each.hard for each in judgements),
        classes=tuple(
            sorted(judgements, key=lambda each: (not each.hard, each.accuracy, each.name))
        ),
        alone=tuple(names[i] for i, each in enumerate(recognition) if not each.images),
    )
