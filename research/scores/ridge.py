"""Ridge regression as a score, every image left out once."""

from typing import ClassVar

from research.scores.names import ScoreName
from research.scores.seen import Seen
from task2vec.recommendation.measure.linear_probe import LeftOut, leave_one_out, right
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy


class Ridge:
    """Leave-one-out ridge regression: accuracy, and squared error where accuracies are equal."""

    name: ClassVar = ScoreName.RIDGE

    def __call__(self, seen: Seen) -> float:
        """Return ``(right answers + 1 / (1 + error)) / (N + 1)``, between 0 and 1.

        With few images many models have equally many right answers. The smaller error decides among
        them, and never against one more right answer: its part is at most 1. ``error`` is that of
        `LeftOut`. Raises `SettingError` where fewer than two classes have two images.
        """
        usable, found = _left_out(seen)
        correct = right(found.departures, usable.labels)
        return float((correct.sum() + 1 / (1 + found.error)) / (len(correct) + 1))

    def accuracy(self, seen: Seen) -> ProbeAccuracy:
        """Return which images of `Seen.repeated` were recognised; raises as above."""
        usable, found = _left_out(seen)
        return ProbeAccuracy(right(found.departures, usable.labels))


def _left_out(seen: Seen) -> tuple[Seen, LeftOut]:
    usable = seen.repeated()
    return usable, leave_one_out(usable.features, usable.labels, classes=usable.classes)
