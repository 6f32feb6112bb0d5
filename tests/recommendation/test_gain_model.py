"""The gain model against Gaussian conditioning written out, and what holds of any such model."""

from dataclasses import replace

import numpy as np
import pytest
from worlds import make_world

from task2vec.recommendation.gain_model.fit import fit_gain_model
from task2vec.recommendation.gain_model.kernel import (
    FAR,
    FAR_DOUBT,
    RISE,
    RISE_DOUBT,
    TURN_REACH,
    Cells,
    Kernel,
    Scales,
)
from task2vec.recommendation.gain_model.posterior import GainModel, Seen

SCALES = Scales(
    reach=0.2,
    like=0.4,
    model=0.03,
    task=0.05,
    pair=0.06,
    cell=0.02,
    steady=0.4,
    asks=0.9,
    turn=0.1,
    stance=0.3,
)


def all_cells(world):
    models, tasks = np.indices(world.gains.shape).reshape(2, -1)
    return Cells(models, tasks)


def stance(world, source, task):
    near = np.exp(-((world.symmetric[source, task] / TURN_REACH) ** 2))
    return near * world.agreement[source, task]


def naive_covariance(world, scales, a, b):
    """The covariance of two cells, part by part."""
    (m, t), (n, u) = a, b
    source, other = world.sources[m], world.sources[n]

    def alike(one, another):
        asked = np.exp(-2 * (1 - world.overlap[one, another]) / scales.asks**2)
        return np.exp(-((world.symmetric[one, another] / scales.like) ** 2)) * asked

    like = alike(t, u) + scales.own**2 * (t == u)
    found, width = 0.0, 1.0
    if source >= 0 and other >= 0:
        own = np.exp(-((world.symmetric[source, t] / scales.reach) ** 2))
        theirs = np.exp(-((world.symmetric[other, u] / scales.reach) ** 2))
        found += FAR_DOUBT**2 + RISE_DOUBT**2 * own * theirs + scales.task**2 * like
        apart = stance(world, source, t) - stance(world, other, u)
        common = np.exp(-((apart / scales.stance) ** 2))
        found += common * scales.model**2 * (m == n)
        found += common * scales.pair**2 * like * (1 if m == n else alike(source, other))
    elif m == n:
        width = scales.steady
        found += world.doubt[m] ** 2 + width**2 * scales.pair**2 * like
    return found + width**2 * scales.cell**2 * (m == n and t == u)


@pytest.mark.parametrize("asking", [False, True])
def test_the_covariance_is_the_sum_of_its_parts(asking):
    world = make_world(seed=1, asking=asking)
    cells = all_cells(world)
    pairs = list(zip(cells.models, cells.tasks, strict=True))
    naive = [[naive_covariance(world, SCALES, a, b) for b in pairs] for a in pairs]
    np.testing.assert_allclose(Kernel(world, SCALES).covariance(cells, cells), naive, atol=1e-12)


def test_an_expert_is_expected_to_gain_near_and_to_lose_far():
    world = make_world(seed=2)
    mean = Kernel(world, SCALES).mean(all_cells(world)).reshape(world.gains.shape)
    expert = int(np.flatnonzero(world.experts)[0])
    assert mean[expert, world.sources[expert]] == pytest.approx(FAR + RISE)
    far = int(np.argmax(world.nearness[expert]))
    carried = np.exp(-((world.nearness[expert, far] / SCALES.reach) ** 2))
    assert mean[expert, far] == pytest.approx(FAR + RISE * carried)
    plain = int(np.flatnonzero(~world.experts)[-1])
    assert (mean[plain] == world.expected[plain]).all()


def test_an_expert_of_a_near_task_gains_where_that_asks_the_same_and_loses_where_it_does_not():
    plain = make_world(seed=2)
    asking = replace(plain, agreement=np.full_like(plain.symmetric, -0.8))
    cells = all_cells(plain)
    before, after = (Kernel(world, SCALES).mean(cells) for world in (plain, asking))
    near = np.exp(-((plain.nearness[cells.models, cells.tasks] / TURN_REACH) ** 2))
    np.testing.assert_allclose(after - before, -0.8 * SCALES.turn * near, atol=1e-12)
    assert (after < before).any()


def test_believing_is_gaussian_conditioning():
    world = make_world(seed=3, known=0.5)
    seen = Seen.of(world)
    cells = all_cells(world)
    kernel = Kernel(world, SCALES)
    prior = kernel.covariance(cells, cells)
    # All cells and the outcomes together are normal: condition the dense joint one.
    position = seen.cells.models * len(world.tasks) + seen.cells.tasks
    noisy = prior[np.ix_(position, position)] + np.diag(seen.variances + 1e-6)
    gain = prior[:, position] @ np.linalg.inv(noisy)
    mean = kernel.mean(cells) + gain @ (seen.gains - kernel.mean(cells)[position])
    belief = GainModel(world, SCALES, seen).believe(cells)
    np.testing.assert_allclose(belief.mean, mean, atol=1e-9)
    np.testing.assert_allclose(belief.covariance, prior - gain @ prior[position], atol=1e-9)


def test_one_more_outcome_moves_a_belief_as_if_it_had_been_seen():
    world = make_world(seed=10, known=0.4)
    seen = Seen.of(world)
    cells = all_cells(world)
    one = Seen(Cells(cells.models[[9]], cells.tasks[[9]]), np.array([0.2]), np.array([0.01]))
    before = GainModel(world, SCALES, seen).believe(cells)
    expected = GainModel(world, SCALES, seen.with_more(one)).believe(cells)
    found = before.after(np.array([9]), one.gains, one.noise)
    np.testing.assert_allclose(found.mean, expected.mean, atol=1e-9)
    np.testing.assert_allclose(found.covariance, expected.covariance, atol=1e-9)


def test_an_error_that_is_common_is_told_apart_from_what_models_gain():
    world = make_world(seed=10, known=0.4)
    seen, cells = Seen.of(world), all_cells(world)
    three = Cells(cells.models[[1, 9, 17]], cells.tasks[[1, 1, 1]])
    gains, own = np.array([0.2, 0.1, 0.15]), np.full(3, 1e-4)
    apart = Seen(three, gains, own + 0.1**2)
    shared = Seen(three, gains, own, np.full(3, 0.1))
    assert shared.noise == pytest.approx(np.diag(own + 1e-6) + 0.01)
    # By hand: outcomes and measurements are normal together.
    kernel = Kernel(world, SCALES)
    every = seen.with_more(shared)
    noisy = kernel.covariance(every.cells, every.cells)
    noisy[-3:, -3:] += 0.01
    noisy += np.diag(np.concatenate([seen.variances, own]) + 1e-6)
    weights = kernel.covariance(cells, every.cells) @ np.linalg.inv(noisy)
    mean = kernel.mean(cells) + weights @ (every.gains - kernel.mean(every.cells))
    belief = GainModel(world, SCALES, every).believe(cells)
    np.testing.assert_allclose(belief.mean, mean, atol=1e-9)
    # Which of two is better is known better than by how much either gains.
    both = GainModel(world, SCALES, every).believe(three).covariance[:2, :2]
    alone = GainModel(world, SCALES, seen.with_more(apart)).believe(three).covariance[:2, :2]
    step = np.array([1.0, -1.0])
    assert step @ both @ step < 0.1 * (step @ alone @ step)
    assert both[0, 0] > 0.2 * alone[0, 0]


def test_the_likelihood_is_that_of_a_normal_distribution():
    from scipy.stats import multivariate_normal

    world = make_world(seed=5, known=0.6)
    seen = Seen.of(world)
    kernel = Kernel(world, SCALES)
    covariance = kernel.covariance(seen.cells, seen.cells) + np.diag(seen.variances + 1e-6)
    density = multivariate_normal(kernel.mean(seen.cells), covariance).logpdf(seen.gains)
    constant = 0.5 * len(seen.cells) * np.log(2 * np.pi)
    assert GainModel(world, SCALES, seen).log_likelihood() == pytest.approx(density + constant)


def test_without_outcomes_the_scales_are_the_defaults():
    world = make_world(seed=6, known=0.0)
    model = fit_gain_model(world)
    assert model.scales == Scales()
    cells = all_cells(world)
    assert (model.believe(cells).mean == Kernel(world, Scales()).mean(cells)).all()


def test_the_fit_finds_the_scales_that_gains_were_drawn_from():
    true = Scales(reach=0.23, like=0.45, model=0.015, task=0.04, pair=0.12, cell=0.01)
    world = make_world(seed=7, tasks=24, experts=20, known=0.0)
    cells = all_cells(world)
    kernel = Kernel(world, true)
    root = np.linalg.cholesky(kernel.covariance(cells, cells) + 1e-8 * np.eye(len(cells)))
    drawn = kernel.mean(cells) + root @ np.random.default_rng(8).normal(size=len(cells))
    shape = world.gains.shape
    world = replace(world, gains=drawn.reshape(shape), variances=np.full(shape, 1e-4))
    found = fit_gain_model(world).scales
    assert found.pair == pytest.approx(true.pair, rel=0.3)
    assert found.cell < 0.02
    assert found.model < 0.03


def test_what_chance_says_of_the_scales_leaves_them():
    # The gains are of the defaults: what else their most probable scales are is noise.
    world = make_world(seed=7, tasks=24, experts=20, known=0.0)
    cells = all_cells(world)
    kernel = Kernel(world, Scales())
    root = np.linalg.cholesky(kernel.covariance(cells, cells) + 1e-4 * np.eye(len(cells)))
    drawn = kernel.mean(cells) + root @ np.random.default_rng(8).normal(size=len(cells))
    shape = world.gains.shape
    world = replace(world, gains=drawn.reshape(shape), variances=np.full(shape, 1e-4))
    moved = fit_gain_model(world).scales.to_vector() - Scales().to_vector()
    assert 0 < np.abs(moved).max() < 0.12


def test_of_many_outcomes_those_on_the_nearest_tasks_count(monkeypatch):
    from task2vec.recommendation.gain_model import fit

    monkeypatch.setattr(fit, "_MOST_SEEN", 10)
    world = make_world(seed=9, known=1.0)
    model = fit_gain_model(world, target=3)
    kept = set(model.seen.cells.tasks)
    assert len(model.seen.cells) == 10
    nearest = np.argsort(world.symmetric[:, 3], kind="stable")
    assert kept <= set(nearest[: len(kept)])


def test_a_sample_of_the_outcomes_is_what_the_scales_are_fitted_to(monkeypatch):
    from task2vec.recommendation.gain_model import fit

    world = make_world(seed=7, tasks=12, experts=8, known=1.0)
    moved = {}
    for most in (2, 10_000):
        monkeypatch.setattr(fit, "_MOST_FITTED", most)
        model = fit_gain_model(world)
        moved[most] = np.abs(model.scales.to_vector() - Scales().to_vector()).max()
        # All of them are conditioned on, whatever the scales were fitted to.
        assert len(model.seen.cells) == np.isfinite(world.gains).sum()
    assert moved[2] < moved[10_000] / 2


def test_what_is_known_exactly_has_no_part_in_any_doubt():
    world = make_world(seed=3, known=0.5)
    before = GainModel(world, SCALES, Seen.of(world)).believe(all_cells(world))
    known = before.with_known(2, 0.25)
    rest = np.arange(len(before.mean)) != 2
    assert known.mean[2] == 0.25
    assert not known.covariance[2].any()
    assert not known.covariance[:, 2].any()
    np.testing.assert_array_equal(known.mean[rest], before.mean[rest])
    kept = np.ix_(rest, rest)
    np.testing.assert_array_equal(known.covariance[kept], before.covariance[kept])


@pytest.mark.parametrize("hub", [0.05, 0.3])
def test_distances_that_no_points_have_do_not_stop_the_fit(hub):
    # All tasks are near one and far from one another: of points on no line, plane or space.
    world = make_world(seed=5, tasks=12, experts=8, known=1.0)
    star = np.full_like(world.symmetric, 0.9)
    star[0] = star[:, 0] = hub
    np.fill_diagonal(star, 0)
    world = replace(world, symmetric=star, variances=np.full_like(world.gains, 1e-6))
    cells = all_cells(world)
    assert np.linalg.eigvalsh(Kernel(world, SCALES).covariance(cells, cells)).min() < -1e-4
    for model in (GainModel(world, SCALES, Seen.of(world)), fit_gain_model(world)):
        belief = model.believe(cells)
        assert np.isfinite(belief.mean).all()
        assert np.isfinite(belief.sd).all()
        assert np.isfinite(model.log_likelihood())
        assert np.abs(belief.mean).max() < 1
