"""What to measure next, when there is some time to measure: the cascade's decisions.

Every measurement is a gain on the target itself and moves the belief about all models. The next
model is the one from which most can be expected: ``E[max(g - g_leader, 0)]`` over the joint belief,
the expected improvement of Bayesian optimisation (Mockus 1974), here between two uncertain gains.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, pi, sqrt
from statistics import NormalDist

import numpy as np

from task2vec.recommend.gain_model.posterior import Belief
from task2vec.recommend.world import Mask, Matrix

#: Once no model promises this much more than the leader, in expectation, the answer is clear. It is
#: little, since a model that is wrongly thought hopeless promises little: on the choosing half of
#: ``benchmarks/transfer`` a fifth of a point stopped before those that gained most.
WORTH = 0.0001


class StepKind(StrEnum):
    """How a step of the cascade measured, the cheapest first."""

    DISTANCE = "distance"
    FORWARD_PASS = "forward_pass"
    FINE_TUNING = "fine_tuning"


@dataclass(frozen=True)
class Step:
    """What a step took and what it bought.

    ``model`` is what was measured, None where nothing was; ``gain`` what it gained over the default
    on the target's images. ``seconds`` are its own, loading included. ``leader`` and ``expected``
    are the answer after it, with the gain that was then expected of it.
    """

    kind: StepKind
    model: str | None
    gain: float | None
    seconds: float
    leader: str
    expected: float


@dataclass(frozen=True)
class Untried:
    """A ``model`` that was worth a measurement of a ``kind``, but for which no time was left."""

    kind: StepKind
    model: str


def improvements(belief: Belief, *, leader: int) -> Matrix:
    """Return (n,) by how much each model is expected to be better than the leader, at least 0."""
    mean = belief.mean - belief.mean[leader]
    covariance = belief.covariance
    variances = np.diagonal(covariance)
    spread = np.sqrt(np.maximum(variances + variances[leader] - 2 * covariance[leader], 0))
    found = [_expected_excess(float(m), float(s)) for m, s in zip(mean, spread, strict=True)]
    found[leader] = 0.0
    return np.array(found)


def worth_trying(belief: Belief, *, leader: int, tried: Mask) -> list[int]:
    """Return the untried models that are worth a measurement, what promises most first."""
    promise = np.where(tried, -np.inf, improvements(belief, leader=leader))
    order = np.argsort(-promise, kind="stable")
    return [int(i) for i in order if promise[i] >= WORTH]


def next_model(belief: Belief, *, leader: int, tried: Mask) -> int | None:
    """Return the untried model that promises most, None where none is worth a measurement."""
    return next(iter(worth_trying(belief, leader=leader, tried=tried)), None)


def _expected_excess(mean: float, sd: float) -> float:
    """Return ``E[max(x, 0)]`` of a normal x."""
    if sd <= 0:
        return max(mean, 0.0)
    z = mean / sd
    return mean * NormalDist().cdf(z) + sd * exp(-z * z / 2) / sqrt(2 * pi)
