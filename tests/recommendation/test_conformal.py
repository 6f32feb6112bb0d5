"""Intervals cover at least what they state, over tasks; leaving out agrees with fitting anew."""

import numpy as np
import pytest
from worlds import make_world

from task2vec.recommendation.gain_model.fit import left_out
from task2vec.recommendation.gain_model.kernel import Cells, Scales
from task2vec.recommendation.gain_model.posterior import GainModel, Seen
from task2vec.recommendation.prediction.intervals import conformal_reach, interval_reach


def test_one_outcome_a_task_is_the_plain_conformal_quantile():
    errors = np.arange(1.0, 20.0)
    # 19 tasks: the ceil(0.9 * 20) = 18th smallest.
    assert conformal_reach(errors, range(19), level=0.9) == 18
    assert conformal_reach(errors, range(19), level=0.95) == 19
    assert conformal_reach(errors, range(19), level=0.96) == np.inf


@pytest.mark.parametrize(("level", "least"), [(0.8, 4), (0.9, 9)])
def test_too_few_tasks_have_no_interval(level, least):
    assert conformal_reach(np.ones(least), range(least), level=level) == 1
    assert conformal_reach(np.ones(least - 1), range(least - 1), level=level) == np.inf
    assert conformal_reach([], [], level=level) == np.inf


@pytest.mark.parametrize(("level", "usual"), [(0.8, 1.2816), (0.9, 1.6449)])
def test_with_too_few_tasks_an_interval_is_that_of_a_normal_distribution(level, usual):
    reach, known = interval_reach([5.0, 5.0], [0, 1], level=level)
    assert reach == pytest.approx(usual, abs=1e-4)
    assert not known
    assert interval_reach(np.arange(19.0), range(19), level=level) == (level * 20 - 1, True)


def test_a_task_with_many_outcomes_weighs_no_more():
    errors = np.concatenate([np.full(90, 5.0), np.arange(9) / 10])
    tasks = np.concatenate([np.zeros(90, dtype=int), np.arange(1, 10)])
    assert conformal_reach(errors, tasks, level=0.8) == 0.8


def test_new_tasks_are_covered_as_stated():
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(400):
        # Errors of one task have their scale in common, which other tasks do not tell.
        scales = rng.lognormal(0, 1, 13)
        errors = np.abs(rng.normal(size=(13, 5))) * scales[:, None]
        reach = conformal_reach(errors[1:].ravel(), np.repeat(np.arange(12), 5), level=0.8)
        hits.append((errors[0] <= reach).mean())
    assert 0.78 < np.mean(hits) < 0.9


def test_leaving_out_is_conditioning_on_the_others():
    world = make_world(seed=31, known=0.7)
    scales = Scales()
    found = left_out(GainModel(world, scales, Seen.of(world)))
    seen = Seen.of(world)
    for task in np.unique(seen.cells.tasks):
        rows = np.flatnonzero(seen.cells.tasks == task)
        others = seen.of_those(np.flatnonzero(seen.cells.tasks != task))
        cells = Cells(seen.cells.models[rows], seen.cells.tasks[rows])
        belief = GainModel(world, scales, others).believe(cells)
        np.testing.assert_allclose(found.expected[rows], belief.mean, atol=1e-9)
        sd = np.sqrt(np.square(belief.sd) + seen.variances[rows] + 1e-6)
        np.testing.assert_allclose(found.sd[rows], sd, atol=1e-9)
        off = np.abs(seen.gains[rows] - belief.mean) / sd
        np.testing.assert_allclose(found.errors[rows], off, atol=1e-6)
