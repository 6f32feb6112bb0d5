"""Ranking by nats, on posteriors whose divergences can be worked out by hand."""

import numpy as np
import pytest
from worlds import make_world

from research.transfer.rankers import NearestInformation
from task2vec.distance.information import information_distance
from task2vec.recommendation.evidence.world import Case

#: Precisions of six tasks; the last is the target.
PRECISIONS = np.array([[2.0, 8], [2, 2], [50, 0.1], [4, 16], [1, 1], [2, 8]]) * 1.01
PRIOR = np.ones(2)


def world_and_case(**more):
    world = make_world(seed=3, tasks=6, experts=5, plain=2, **more)
    return world, Case(world, 5, np.arange(len(world.models)))


def between():
    return information_distance(source=PRECISIONS[:, None], target=PRECISIONS[None])


def test_scores_are_the_nats_beyond_the_source_as_prior():
    world, case = world_and_case()
    ranking = NearestInformation(between()).rank(case)
    scores = dict(zip(world.sources[2:].tolist(), ranking.scores[2:].tolist(), strict=True))
    assert scores[0] == 0
    # Twice the precision in both elements: r = 2, twice (1 - log 2) / 2.
    assert scores[3] == pytest.approx(-(1 - np.log(2)))
    assert scores[1] == pytest.approx(-(0.25 - 1 - np.log(0.25)) / 2)
    assert ranking.choice == 2


def test_the_default_stands_where_nothing_is_known_and_other_plain_models_behind():
    world, case = world_and_case()
    nothing = information_distance(source=PRIOR, target=PRECISIONS)
    ranking = NearestInformation(between(), nothing).rank(case)
    assert ranking.scores[world.default] == pytest.approx(-nothing[5])
    experts = np.flatnonzero(world.experts)
    better = between()[world.sources[experts], 5] < nothing[5]
    assert better.any()
    assert not better.all()
    assert ((ranking.scores[experts] > ranking.scores[world.default]) == better).all()
    assert ranking.scores[1] < ranking.scores[[0, *experts]].min()


def test_the_default_is_taken_where_every_expert_is_worse_than_nothing():
    world, case = world_and_case()
    far = np.full((6, 6), 1e9)
    ranking = NearestInformation(far, np.full(6, 5.0)).rank(case)
    assert ranking.choice == world.default
    assert NearestInformation(far).rank(case).choice != world.default


def test_without_experts_the_default_is_taken():
    world = make_world(seed=3, experts=0, plain=3)
    case = Case(world, 5, np.arange(3))
    for nothing in (None, np.full(6, 5.0)):
        ranking = NearestInformation(between(), nothing).rank(case)
        assert ranking.choice == world.default
        assert np.isfinite(ranking.scores).all()
