"""The default's accuracy foretold: against ordinary regression, and what must hold of it."""

from dataclasses import replace

import numpy as np
import pytest

from task2vec.recommendation.prediction import difficulty
from task2vec.recommendation.prediction.difficulty import (
    Outlines,
    errors_elsewhere,
    foretell,
    foretell_from,
)


def outlines(count=20, seed=41):
    rng = np.random.default_rng(seed)
    points = rng.random((count, 2))
    distances = np.sqrt(np.square(points[:, None] - points[None]).sum(axis=-1))
    return Outlines(rng.integers(2, 40, count).astype(float), rng.random(count), distances)


def test_far_tasks_are_foretold_by_regression_on_classes_and_complexity(monkeypatch):
    monkeypatch.setattr(difficulty, "_COMMON", 0.0)
    tasks = outlines()
    rng = np.random.default_rng(2)
    x = np.stack([np.log(tasks.classes), tasks.complexity], axis=1)
    logits = 1 - 0.8 * x[:, 0] + 2 * x[:, 1] + 0.2 * rng.normal(size=20)
    base = 1 / (1 + np.exp(-logits))
    rest = np.arange(1, 20)
    z = (x - x[rest].mean(axis=0)) / x[rest].std(axis=0)
    design = np.concatenate([np.ones((20, 1)), z], axis=1)
    penalty = np.diag(0.4**2 / np.square([3.0, 1, 1]))
    inner = design[rest].T @ design[rest] + penalty
    weights = np.linalg.solve(inner, design[rest].T @ logits[rest])
    found = foretell(tasks, base, target=0)
    assert found.mean == pytest.approx(float(design[0] @ weights))
    variance = 0.4**2 * (1 + design[0] @ np.linalg.inv(inner) @ design[0])
    assert found.sd == pytest.approx(float(np.sqrt(variance)))


def test_a_like_task_says_what_the_common_part_of_its_log_odds_does():
    """One known task, with as many classes and as complex: the posterior worked by hand."""
    alike = Outlines(np.full(2, 5.0), np.full(2, 0.3), np.array([[0, 0.2], [0.2, 0]]))
    found = foretell(alike, np.array([np.nan, 0.8]), target=0)
    # Variances: the mean's, what like tasks have in common at this distance, and a task's own.
    mean, common, own = 3.0**2, 0.5**2 * np.exp(-((0.2 / 0.45) ** 2)), 0.4**2
    known = mean + 0.5**2 + own
    assert found.mean == pytest.approx((mean + common) / known * np.log(4))
    assert found.sd**2 == pytest.approx(known - (mean + common) ** 2 / known)


def test_the_targets_own_accuracy_does_not_count():
    tasks = outlines()
    base = np.random.default_rng(3).uniform(0.2, 0.9, 20)
    other = base.copy()
    other[4] = np.nan
    assert foretell(tasks, base, target=4).mean == foretell(tasks, other, target=4).mean


def test_certain_accuracies_and_no_accuracies_are_taken():
    tasks = outlines()
    sure = foretell(tasks, np.ones(20), target=0)
    assert 0.9 < sure.accuracy < 1
    nothing = foretell(tasks, np.full(20, np.nan), target=0)
    assert nothing.accuracy == pytest.approx(0.5)
    low, high = nothing.interval(1.645)
    assert low < 0.05
    assert high > 0.95


def test_errors_elsewhere_are_those_of_asking_about_each_task():
    tasks = outlines()
    base = np.random.default_rng(5).uniform(0.2, 0.9, 20)
    base[[3, 7]] = np.nan
    errors, known = errors_elsewhere(tasks, base)
    assert known.tolist() == [i for i in range(20) if i not in (3, 7)]
    found = foretell(tasks, base, target=9)
    logit = np.log(base[9] / (1 - base[9]))
    assert errors[known == 9] == pytest.approx(abs(logit - found.mean) / found.sd)


def informed(tasks, *, seed=6):
    nats = np.random.default_rng(seed).uniform(5, 150, len(tasks.classes))
    return replace(tasks, nats=nats, images=np.full(len(nats), 300.0))


def by_nats(tasks, base, *, target):
    features = np.stack([np.log(tasks.classes), np.log(tasks.nats)], axis=1)
    return foretell_from(features, tasks.symmetric, base, target=target)


def test_nats_in_the_head_take_the_place_of_complexity():
    tasks = informed(outlines())
    base = np.random.default_rng(7).uniform(0.2, 0.9, 20)
    found, expected = foretell(tasks, base, target=3), by_nats(tasks, base, target=3)
    assert (found.mean, found.sd) == pytest.approx((expected.mean, expected.sd))
    plain = foretell(replace(tasks, nats=None, images=None), base, target=3)
    assert abs(found.mean - plain.mean) > 0.01


def test_tasks_that_do_not_tell_of_their_nats_are_left_out():
    tasks = informed(outlines())
    base = np.random.default_rng(7).uniform(0.2, 0.9, 20)
    some = replace(tasks, nats=np.where(np.arange(20) < 15, tasks.nats, np.nan))
    kept = np.where(np.arange(20) < 15, base, np.nan)
    expected = by_nats(tasks, kept, target=3)
    assert foretell(some, base, target=3).mean == pytest.approx(expected.mean)


def test_the_targets_own_accuracy_makes_no_nats_count():
    """Of five tasks in all one is the target, and four are too few."""
    tasks = informed(outlines())
    base = np.where(np.arange(20) < 5, np.random.default_rng(7).uniform(0.2, 0.9, 20), np.nan)
    other = base.copy()
    other[4] = np.nan
    found, unknown = (foretell(tasks, each, target=4) for each in (base, other))
    assert (found.mean, found.sd) == (unknown.mean, unknown.sd)


@pytest.mark.parametrize("known", [range(1, 20), range(5), range(9)], ids=["target", "5", "9"])
def test_with_too_few_nats_complexity_counts(known):
    """With 4 besides the target, with less than half of the others, and without the target's."""
    tasks = informed(outlines())
    base = np.random.default_rng(7).uniform(0.2, 0.9, 20)
    nats = np.where(np.isin(np.arange(20), known), tasks.nats, np.nan)
    found = foretell(replace(tasks, nats=nats), base, target=0)
    plain = foretell(replace(tasks, nats=None, images=None), base, target=0)
    assert (found.mean, found.sd) == (plain.mean, plain.sd)


def test_nats_of_few_images_count_as_those_of_as_many_as_the_others_have():
    tasks = informed(outlines())
    base = np.random.default_rng(7).uniform(0.2, 0.9, 20)
    few = np.where(np.arange(20) == 3, 60.0, 300.0)
    nats = tasks.nats * (few / 300) ** 0.64
    found = foretell(replace(tasks, nats=nats, images=few), base, target=3)
    assert found.mean == pytest.approx(foretell(tasks, base, target=3).mean)
