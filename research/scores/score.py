"""What every forward-pass score does, and all of them by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from research.scores.alignment import LabelFeatureCorrelation, LabelGradientCorrelation
from research.scores.h_score import HScore, ShrunkHScore
from research.scores.leep import Leep
from research.scores.linear_probe import LinearProbe
from research.scores.logme import LogMe
from research.scores.names import ScoreName, TuningScoreName
from research.scores.nearest_images import NearestImages
from research.scores.nleep import Nleep
from research.scores.ridge import Ridge
from research.scores.seen import Seen
from research.scores.sfda import Sfda
from research.scores.training_time import TrainingTime
from research.scores.transrate import TransRate
from task2vec.recommendation.measure.probe_accuracy import ProbeAccuracy

__all__ = [
    "ACCURACY_SCORES",
    "SCORES",
    "TUNING_SCORES",
    "AccuracyScore",
    "ScoreName",
    "TransferScore",
    "TuningScoreName",
]


class TransferScore(Protocol):
    """Says how well a starting model will do on a target: larger is better.

    Scores compare models on the same images; those of two targets mean nothing beside each other.
    """

    @property
    def name(self) -> ScoreName | TuningScoreName:
        """The score's name."""

    def __call__(self, seen: Seen) -> float:
        """Return the score; raises `SettingError` where it cannot be told."""


class AccuracyScore(TransferScore, Protocol):
    """A score that is an estimate of accuracy, image by image.

    The images are those of `Seen.repeated`, in order, so that models, and these scores too, are
    compared pair by pair (`task2vec.recommendation.prediction.intervals.paired_difference`).
    """

    def accuracy(self, seen: Seen) -> ProbeAccuracy:
        """Return which images were recognised when left out; raises as the score does."""


#: The scores that estimate an accuracy.
ACCURACY_SCORES: Mapping[ScoreName, AccuracyScore] = MappingProxyType(
    {score.name: score for score in (Ridge(), NearestImages(), LinearProbe())}
)
#: All scores of the transfer table.
SCORES: Mapping[ScoreName, TransferScore] = MappingProxyType(
    {Leep.name: Leep(), LogMe.name: LogMe(), **ACCURACY_SCORES}
)
#: Those that were tried on fine-tuned outcomes, see `research.recipes.judge_scores`.
TUNING_SCORES: Mapping[TuningScoreName, TransferScore] = MappingProxyType(
    {
        score.name: score
        for score in (
            *(HScore(), ShrunkHScore(), Nleep(), TransRate(), Sfda()),
            *(LabelFeatureCorrelation(), LabelGradientCorrelation(), TrainingTime()),
        )
    }
)
