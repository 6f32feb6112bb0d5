"""Every ranker on small worlds whose right answer is plain to see, and what holds of all."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import make_world

from research.transfer.rankers import Scored
from task2vec.recommendation.evidence.world import Case
from task2vec.recommendation.rankers import (
    AlwaysDefault,
    Hierarchical,
    NearestOnly,
    NearOutcomes,
    StaticAverage,
)

RANKERS = [
    AlwaysDefault(),
    StaticAverage(),
    NearestOnly(),
    NearestOnly(asymmetric=True),
    NearOutcomes(),
    Hierarchical(),
]


def case_of(world, target=5):
    hidden = np.zeros(world.gains.shape, dtype=bool)
    hidden[:, target] = True
    offered = np.flatnonzero(world.sources != target)
    return Case(world.without(hidden), target, offered)


@pytest.mark.parametrize("ranker", RANKERS, ids=lambda ranker: ranker.name)
def test_every_offered_model_gets_a_finite_score_and_one_is_chosen(ranker):
    for known in (0.0, 0.3, 1.0):
        case = case_of(make_world(seed=11, known=known))
        ranking = ranker.rank(case)
        assert ranking.scores.shape == case.offered.shape
        assert np.isfinite(ranking.scores).all()
        assert ranking.choice in case.offered


@pytest.mark.parametrize("ranker", RANKERS, ids=lambda ranker: ranker.name)
def test_what_is_hidden_does_not_matter(ranker):
    world = make_world(seed=12, known=1.0)
    other = replace(world, gains=world.gains.copy())
    other.gains[:, 5] += np.arange(len(world.models))
    found, again = (ranker.rank(case_of(each)) for each in (world, other))
    assert (found.scores == again.scores).all()


def test_the_average_is_over_what_was_measured():
    world = make_world(seed=13, known=0.6)
    case = case_of(world)
    scores = StaticAverage().rank(case).scores
    for model, score in zip(case.offered, scores, strict=True):
        gains = [
            world.gains[model, task]
            for task in range(5)
            if model != 0 and np.isfinite(world.gains[model, task])
        ]
        if gains:
            assert score == pytest.approx(sum(gains) / len(gains))
    assert scores[case.offered == 0] == 0


def test_the_nearest_expert_comes_first_and_plain_models_last():
    world = make_world(seed=14)
    case = case_of(world)
    order = case.offered[np.argsort(-NearestOnly().rank(case).scores, kind="stable")]
    experts = [model for model in order if world.sources[model] >= 0]
    distances = [world.symmetric[world.sources[model], 5] for model in experts]
    assert distances == sorted(distances)
    assert order[len(experts)] == world.default
    asymmetric = NearestOnly(asymmetric=True).rank(case).choice
    assert world.asymmetric[world.sources[asymmetric], 5] == min(
        world.asymmetric[world.sources[model], 5] for model in experts
    )


def test_an_outcome_on_a_near_task_counts_more_than_one_on_a_far_task():
    world = make_world(seed=15, known=0.0)
    near, far = np.argsort(world.symmetric[:5, 5])[[0, -1]]
    gains = world.gains.copy()
    gains[2, [near, far]] = 0.2, -0.2
    gains[3, [near, far]] = -0.2, 0.2
    variances = np.where(np.isfinite(gains), 1e-4, np.nan)
    world = replace(world, gains=gains, variances=variances, sources=np.full(6, -1))
    for ranker in (NearOutcomes(), Hierarchical()):
        scores = dict(zip(range(6), ranker.rank(case_of(world)).scores, strict=True))
        assert scores[2] > scores[3]


def test_ours_is_silent_where_it_knows_nothing_and_speaks_where_a_gain_is_sure():
    world = make_world(seed=16, known=0.0)
    silent = Hierarchical().rank(case_of(replace(world, symmetric=np.full((6, 6), 0.8))))
    assert silent.choice == world.default
    # An expert of a task that is the target's twin, and gained wherever it was tried.
    symmetric = np.full((6, 6), 0.5)
    symmetric[0, 5] = symmetric[5, 0] = 0.02
    np.fill_diagonal(symmetric, 0)
    gains = world.gains.copy()
    gains[2, [1, 2]] = 0.1
    known = replace(
        world,
        symmetric=symmetric,
        gains=gains,
        variances=np.where(np.isfinite(gains), 1e-4, np.nan),
    )
    sure = Hierarchical().rank(case_of(known))
    assert sure.choice == 2
    assert sure.scores[sure.scores.argmax()] > 0.05


def test_a_score_from_elsewhere_is_taken_as_it_is():
    world = make_world(seed=17)
    scores = np.random.default_rng(1).random(world.gains.shape)
    case = case_of(world)
    ranking = Scored("some", scores).rank(case)
    assert (ranking.scores == scores[case.offered, 5]).all()
    assert scores[ranking.choice, 5] == scores[case.offered, 5].max()
