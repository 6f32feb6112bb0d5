"""What to measure next, when there is some time to measure: the cascade's decisions.

Every measurement is a gain on the target itself and moves the belief about all models. The next
model is the one whose measurement is expected to make the choice better by most. That is the
knowledge gradient of correlated beliefs (Frazier, Powell and Dayanik 2009), here between two
models, the leader and a rival: a closed form that chooses as well (docs/adr/0034-what-next.md).
"""

import numpy as np

from task2vec.recommendation.evidence.recipes import expected_excess
from task2vec.recommendation.evidence.world import Mask, Matrix
from task2vec.recommendation.gain_model.posterior import Belief

#: Once no model promises this much more than the leader, in expectation, the answer is clear. It is
#: little, since a model that is wrongly thought hopeless promises little: on the choosing half of
#: ``research/transfer`` a fifth of a point stopped before those that gained most.
WORTH = 0.0001


def promises(belief: Belief, *, leader: int) -> Matrix:
    """Return (n,) by how much measuring each model is expected to make the choice better.

    Once the gain of a rival i of the leader L is known, ``g_i - g_L`` is expected to be a number
    that, before, is normal around ``m_i - m_L`` with deviation ``|C_ii - C_iL| / sqrt(C_ii)``: what
    of their doubt the measurement resolves. The promise is the mean of its positive part. Measuring
    the leader itself promises as much against the rival that it may lose to by most. What is known
    exactly promises nothing.
    """
    mean, covariance = belief.mean - belief.mean[leader], belief.covariance
    variances = np.maximum(np.diagonal(covariance), 0.0)
    own = variances[leader]
    with np.errstate(invalid="ignore", divide="ignore"):
        resolved = np.abs(variances - covariance[leader]) / np.sqrt(variances)
        by_leader = np.abs(own - covariance[leader]) / np.sqrt(own)
    promise = np.where(variances > 0, _expected_excess(mean, resolved), 0.0)
    promise[leader] = 0.0
    if own > 0:
        against = _expected_excess(mean, by_leader)
        against[leader] = 0.0
        promise[leader] = against.max()
    return promise


def worth_trying(belief: Belief, *, leader: int, tried: Mask) -> list[int]:
    """Return the untried models that are worth a measurement, what promises most first.

    The leader may be among them: while it is not measured, others are compared with a guess.
    """
    promise = np.where(tried, -np.inf, promises(belief, leader=leader))
    order = np.argsort(-promise, kind="stable")
    return [int(i) for i in order if promise[i] >= WORTH]


def measuring_order(belief: Belief, *, leader: int, most: int) -> list[int]:
    """Return at most ``most`` models in the order in which they are worth a measurement.

    It is that of `next_model` as long as every measurement finds what was expected: means stay, and
    each takes away what it tells of the others' doubt.
    """
    covariance, tried = belief.covariance.copy(), np.zeros(len(belief.mean), dtype=np.bool_)
    order: list[int] = []
    while len(order) < most:
        place = next_model(Belief(belief.mean, covariance), leader=leader, tried=tried)
        if place is None:
            break
        order.append(place)
        tried[place] = True
        column = covariance[place]
        covariance = covariance - np.outer(column, column) / column[place]
    return order


def next_model(belief: Belief, *, leader: int, tried: Mask) -> int | None:
    """Return the untried model that promises most, None where none is worth a measurement."""
    return next(iter(worth_trying(belief, leader=leader, tried=tried)), None)


def _expected_excess(mean: Matrix, sd: Matrix) -> Matrix:
    return np.array([expected_excess(float(m), float(s)) for m, s in zip(mean, sd, strict=True)])
