"""Nothing hidden leaks, metrics agree with their definitions, and bad rankers look bad."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import make_world

from research.transfer.rankers import Scored
from task2vec.recommendation.backtest.bootstrap import over_tasks, ratio_of_sums, weighted_mean
from task2vec.recommendation.backtest.folds import Folds, cases
from task2vec.recommendation.backtest.run import (
    backtest,
    crossed_oracle,
    regret,
    weighted_tau,
)
from task2vec.recommendation.rankers import LEVELS, AlwaysDefault, Hierarchical

FAMILIES = ("a", "a", "b", "b", "c", "c")


def naive_tau(x, y):
    """Vigna's weighted tau with hyperbolic, additive weights, averaged over both rankings."""

    def by(first, second):
        order = sorted(range(len(first)), key=lambda i: (-first[i], -second[i]))
        rank = {item: place for place, item in enumerate(order)}
        total = {"xy": 0.0, "xx": 0.0, "yy": 0.0}
        for i in range(len(first)):
            for j in range(len(first)):
                if i != j:
                    weight = 1 / (rank[i] + 1) + 1 / (rank[j] + 1)
                    a, b = np.sign(first[i] - first[j]), np.sign(second[i] - second[j])
                    total["xy"] += weight * a * b
                    total["xx"] += weight * a * a
                    total["yy"] += weight * b * b
        return total["xy"] / np.sqrt(total["xx"] * total["yy"])

    return (by(x, y) + by(y, x)) / 2


# The first call imports scipy, which takes longer than any deadline.
@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 9))
def test_the_weighted_tau_is_vignas(seed, count):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, count))
    assert weighted_tau(x, y) == pytest.approx(naive_tau(x, y))
    assert weighted_tau(x, x) == pytest.approx(1)
    assert weighted_tau(x, -x) == pytest.approx(-1)


def test_nothing_is_ranked_by_equal_scores():
    assert weighted_tau(np.zeros(4), np.arange(4.0)) == 0


def test_regret_is_what_the_first_miss():
    scores, gains = np.array([3.0, 2, 1, 0]), np.array([0.1, -0.2, 0.3, 0.0])
    assert regret(scores, gains, first=1) == pytest.approx(0.2)
    assert regret(scores, gains, first=3) == 0


def test_the_oracle_is_measured_by_what_it_was_not_picked_by():
    first, second = np.array([0.5, 0.0, 0.1]), np.array([-0.1, 0.2, 0.1])
    assert crossed_oracle(first, second) == pytest.approx((-0.1 + 0.0) / 2)


@pytest.mark.parametrize("folds", Folds)
def test_no_case_knows_of_its_target(folds):
    world = make_world(seed=21, known=1.0)
    found = list(cases(world, folds, FAMILIES))
    assert [case.target for case in found] == list(range(6))
    for case in found:
        assert not case.world.measured[:, case.target].any()
        assert world.default in case.offered
        assert case.target not in world.sources[case.offered]
        if folds is Folds.FAMILY:
            kin = [t for t in range(6) if FAMILIES[t] == FAMILIES[case.target]]
            assert not case.world.measured[:, kin].any()
            experts = np.isin(world.sources, kin)
            assert not case.world.measured[experts].any()
            assert not np.isin(case.offered, np.flatnonzero(experts)).any()
        else:
            others = np.arange(6) != case.target
            assert (case.world.measured[:, others] == world.measured[:, others]).all()


def test_a_task_with_too_few_outcomes_is_not_asked_about():
    world = make_world(seed=22, known=1.0)
    gains = world.gains.copy()
    gains[2:, 3] = np.nan
    world = replace(world, gains=gains)
    assert 3 not in [case.target for case in cases(world, Folds.TASK, world.tasks)]


def test_an_oracle_captures_all_and_the_default_nothing():
    world = make_world(seed=23, tasks=12, experts=8, known=1.0)
    truth = np.nan_to_num(world.gains)
    rankers = [AlwaysDefault(), Scored("oracle", truth), Scored("worst", -truth)]
    default, oracle, worst = backtest(world, rankers)
    assert (default.gain == 0).all()
    assert default.abstained.all()
    assert (oracle.gain == oracle.oracle).all()
    assert oracle.tau == pytest.approx(1)
    assert oracle.top_1.all()
    assert (oracle.regret_at_1 == 0).all()
    assert (worst.gain < 0).all()
    assert worst.tau == pytest.approx(-1)
    assert over_tasks(oracle.gain, oracle.oracle, statistic=ratio_of_sums).value == 1


def test_intervals_of_a_world_that_the_model_describes_hold():
    from task2vec.recommendation.gain_model.kernel import Cells, Kernel, Scales

    world = make_world(seed=24, tasks=20, experts=10, known=0.0)
    models, tasks = np.indices(world.gains.shape).reshape(2, -1)
    kernel, cells = Kernel(world, Scales()), Cells(models, tasks)
    root = np.linalg.cholesky(kernel.covariance(cells, cells) + 1e-8 * np.eye(len(cells)))
    rng = np.random.default_rng(25)
    true = (kernel.mean(cells) + root @ rng.normal(size=len(cells))).reshape(world.gains.shape)
    world = replace(
        world,
        gains=true + 0.01 * rng.normal(size=true.shape),
        variances=np.full(true.shape, 0.01**2),
    )
    (ours,) = backtest(world, [Hierarchical()])
    for level, covered in zip(LEVELS, ours.covered, strict=True):
        assert covered.mean() == pytest.approx(level, abs=0.12)
    assert ours.tau.mean() > 0.3


def test_halves_give_the_ceiling_and_the_oracle():
    world = make_world(seed=26, known=1.0)
    halves = np.stack([world.gains, 1.1 * world.gains])
    (found,) = backtest(world, [AlwaysDefault()], halves=np.nan_to_num(halves))
    assert found.ceiling == pytest.approx(1)


def test_a_difference_is_paired():
    common = np.random.default_rng(4).normal(0, 10, 50)
    found = over_tasks(
        common + 1, common, statistic=lambda a, b, weights: weighted_mean(a - b, weights=weights)
    )
    assert (found.low, found.high) == pytest.approx((1, 1))


def test_families_are_drawn_whole():
    rng = np.random.default_rng(5)
    of = np.repeat(np.arange(12), 6)
    values = rng.normal(size=12)[of] + 0.1 * rng.normal(size=len(of))
    found = over_tasks(values, families=[f"family {i}" for i in of])
    # A second bootstrap, one resample at a time, from the same random numbers.
    drawn = np.random.default_rng(0).integers(0, 12, (4000, 12))
    names = np.unique([f"family {i}" for i in range(12)])
    groups = [values[[f"family {i}" == name for i in of]] for name in names]
    means = [np.concatenate([groups[i] for i in row]).mean() for row in drawn]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    alone = over_tasks(values)
    # Six tasks of one family say about as much as one.
    assert found.high - found.low > 1.8 * (alone.high - alone.low)


def test_the_ratio_of_a_drawn_family_counts_all_of_its_tasks():
    gains, best = np.array([1.0, 2.0, 0.0, 3.0]), np.array([2.0, 4.0, 4.0, 3.0])
    found = over_tasks(gains, best, families=["a", "a", "b", "c"], statistic=ratio_of_sums)
    assert found.value == pytest.approx(6 / 13)
    assert (found.low, found.high) == (0, 1)


def test_superfamilies_are_drawn_before_their_families():
    kinds = np.repeat(np.arange(4), 3)
    rng = np.random.default_rng(6)
    values = rng.normal(size=4)[kinds] + 0.3 * rng.normal(size=12)
    families = [f"family {i:02}" for i in range(12)]
    found = over_tasks(values, families=families, superfamilies=[f"kind {i}" for i in kinds])
    # A second bootstrap, one resample at a time.
    groups, own = [values[kinds == kind] for kind in range(4)], np.random.default_rng(7)
    means = []
    for _ in range(4000):
        drawn = [groups[i] for i in own.integers(0, 4, 4)]
        means.append(np.concatenate([own.choice(g, len(g)) for g in drawn]).mean())
    assert found.value == pytest.approx(values.mean())
    expected = tuple(np.quantile(means, [0.025, 0.975]))
    assert (found.low, found.high) == pytest.approx(expected, abs=0.06)
    # Three families of one kind say less than three of three kinds.
    families_alone = over_tasks(values, families=families)
    assert found.high - found.low > 1.3 * (families_alone.high - families_alone.low)
