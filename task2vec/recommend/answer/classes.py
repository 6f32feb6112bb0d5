"""Which classes of a task are hard, and what they are taken for."""

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from task2vec.messages.explanations import ClassesJudged, ClassJudged, TakenFor
from task2vec.recommend.measure.ridge import leave_one_out, right
from task2vec.recommend.prediction.intervals import wilson_interval
from task2vec.types.details import ClassRecognition


def recognise(
    features: NDArray[np.floating], labels: NDArray[np.int64], *, classes: int
) -> tuple[ClassRecognition, ...] | None:
    """Return how many images of each class a ridge regression on all others recognises.

    ``features`` are (N, D), ``labels`` (N,). An image alone in its class cannot be left out: such a
    class has no images. None where fewer than two classes remain. See `leave_one_out`.
    """
    counts = np.bincount(labels, minlength=classes)
    usable = np.flatnonzero(counts >= 2)
    if len(usable) < 2:
        return None
    kept = np.isin(labels, usable)
    y = np.searchsorted(usable, labels[kept])
    X = features[kept]
    if np.isfinite(X).all() and (X[0] != X).any():
        scores = leave_one_out(X, y, classes=len(usable)).deviations
    else:
        # Features that are all alike tell no class from another.
        scores = np.zeros((len(y), len(usable)))
    recognised = right(scores, y)
    others = scores.copy()
    others[np.arange(len(y)), y] = -np.inf
    taken = usable[others.argmax(axis=1)]
    counted = [ClassRecognition(0, 0, {}) for _ in range(classes)]
    for place, number in enumerate(usable.tolist()):
        mine = y == place
        wrong = Counter(taken[mine & ~recognised].tolist())
        counted[number] = ClassRecognition(
            images=int(mine.sum()),
            correct=int(recognised[mine].sum()),
            taken_for=dict(sorted(wrong.items(), key=lambda each: (-each[1], each[0]))),
        )
    return tuple(counted)


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
