"""How good a ranking was, once the gains are known."""

import numpy as np

from task2vec.recommendation.evidence.world import Matrix

#: Pairs of noisy copies that a noise ceiling is estimated from.
_COPIES = 20


def weighted_tau(scores: Matrix, gains: Matrix) -> float:
    """Return Kendall's tau weighted hyperbolically by rank (Vigna, WWW 2015), in [-1, 1].

    Exchanges among the first count most, averaged over the ranks by either argument, as is usual
    for transferability scores. 0 where all scores or all gains are equal: nothing was ranked.
    """
    if np.ptp(scores) == 0 or np.ptp(gains) == 0:
        return 0.0
    # scipy takes a while to import: the API starts without.
    from scipy.stats import weightedtau

    return float(weightedtau(scores, gains).statistic)


def regret(scores: Matrix, gains: Matrix, *, first: int) -> float:
    """Return by how much the best model gains more than the best of the ``first`` by score.

    Equal scores are taken in the order given.
    """
    order = np.argsort(-scores, kind="stable")[:first]
    return float(gains.max() - gains[order].max())


def is_top(scores: Matrix, gains: Matrix) -> bool:
    """Return whether the first by score is the best, or as good."""
    return regret(scores, gains, first=1) == 0.0


def crossed_oracle(first: Matrix, second: Matrix) -> float:
    """Return the gain of the best model by one half of the evidence (K,), measured by the other.

    The mean of both ways round.
    """
    return float(second[np.argmax(first)] + first[np.argmax(second)]) / 2


def noise_ceiling(gains: Matrix, variances: Matrix) -> float:
    """Return the weighted tau that gains (K,) would reach with gains measured anew, estimated.

    It stands in for the tau of two halves of the evidence, each of which has twice the variance: of
    pairs of copies with so much noise. Gains that were measured spread a little more than true
    ones, which flatters it; the default's noise, which all gains share, is taken as each one's own,
    which does the opposite. The mean of 20 pairs of a fixed seed.
    """
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(_COPIES, 2, len(gains))) * np.sqrt(2 * variances)
    return float(np.mean([weighted_tau(*(gains + pair)) for pair in noise]))
