"""The linear probe: a head fitted to the features, judged by cross-validation."""

from typing import ClassVar

from research.scores.names import ScoreName
from research.scores.seen import Seen
from task2vec.recommendation.measure.linear_probe import cross_validate
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy


class LinearProbe:
    """Cross-validated accuracy of the head, see `cross_validate`; the slowest score."""

    name: ClassVar = ScoreName.LINEAR_PROBE

    def __call__(self, seen: Seen) -> float:
        """Return the share of right answers.

        Raises `SettingError` where fewer than two classes have two images.
        """
        return self.accuracy(seen).accuracy

    def accuracy(self, seen: Seen) -> ProbeAccuracy:
        """Return which images of `Seen.repeated` were recognised; raises as above."""
        usable = seen.repeated()
        found = cross_validate(
            usable.features, usable.labels, classes=usable.classes, seed=usable.seed
        )
        assert found is not None, "two classes of two images can be held out"
        return found
