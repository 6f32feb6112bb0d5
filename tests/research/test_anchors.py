"""What experts see in the anchors: likeness, foretold features, and how both are judged."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from benchmarks.examples import folder
from research.anchors.foretold import Changes, Regression, explained, ridge_error
from research.anchors.images import PER_TASK, Anchors
from research.anchors.judging import (
    ByFeatures,
    Conditioned,
    Foretold,
    Told,
    compared,
    judged,
    mean_over_draws,
    measures,
)
from research.anchors.likeness import (
    Compared,
    Place,
    alignments,
    expert_products,
    likeness_of_tasks,
    products,
    world_of_experts,
)
from research.anchors.soups import (
    NEAREST,
    averaged,
    concatenated,
    nearest,
    one_of_each_family,
    summary,
)
from research.development.tasks import DevelopmentTask
from research.transfer.cascading import read_scores
from research.transfer.report import LeftOut
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget
from task2vec.recommendation.backtest.folds import Folds, cases
from task2vec.recommendation.evidence.world import Case
from task2vec.recommendation.gain_model.kernel import Cells, Kernel, Scales
from task2vec.recommendation.gain_model.posterior import Belief
from task2vec.recommendation.rankers import Ranking

WIDTH = 0.8


@pytest.fixture(scope="module")
def transfer():
    return read_transfer(Budget.FEW, distance="plain")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_anchors_are_as_many_of_each_task(monkeypatch, tiny_probe):
    names = ("sprites_facing", "greek_capitals")
    tasks = {name: DevelopmentTask(name, f"of {name}", folder(name)) for name in names}
    monkeypatch.setattr("research.anchors.images.development_tasks", lambda: tasks)
    anchors = Anchors(tiny_probe)
    assert anchors.families.tolist() == [f"of {name}" for name in names for _ in range(PER_TASK)]
    images = np.stack(anchors.images).reshape(2 * PER_TASK, -1)
    # Greek capitals have more classes than anchors: the images are still different ones.
    assert len(np.unique(images, axis=0)) == 2 * PER_TASK


def test_alignment_is_that_of_its_definition(rng):
    features = [rng.normal(size=(12, 5)), rng.normal(size=(12, 9))]
    features.append(features[0] @ np.linalg.qr(rng.normal(size=(5, 5)))[0] * 3 + 2)
    found = alignments(np.stack([products(each) for each in features]))

    def slow(a, b):
        a, b = (each - each.mean(axis=0) for each in (a, b))
        across = np.square(a.T @ b).sum()
        return across / np.sqrt(np.square(a.T @ a).sum() * np.square(b.T @ b).sum())

    expected = [[slow(a, b) for b in features] for a in features]
    assert found == pytest.approx(np.array(expected))
    assert found[0, 2] == pytest.approx(1)
    assert 0 < found[0, 1] < 0.9


def test_products_of_some_images_are_centred_among_these(rng):
    features = [rng.normal(size=(12, 5)), rng.normal(size=(12, 5))]
    some = np.arange(3, 12)
    whole = np.stack([products(each) for each in features])
    alone = np.stack([products(each[some]) for each in features])
    assert alignments(whole[:, some[:, None], some]) == pytest.approx(alignments(alone))


def test_the_largest_directions_are_kept(rng):
    features = rng.normal(size=(12, 5)) * [9, 5, 1, 0.1, 0.01]
    left, values, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    expected = (left[:, :2] * values[:2] ** 2) @ left[:, :2].T
    assert products(features, directions=2) == pytest.approx(expected)


def test_changes_are_what_the_default_lacks(rng):
    default = rng.normal(size=(12, 5)).astype(np.float32)
    features = {
        "default": default,
        "a": default + rng.normal(size=(12, 5)).astype(np.float32),
        "b": 2 * default,
    }
    found = expert_products(features, ("a", "b"), default="default", compared=Compared.CHANGES)
    assert found[1] == pytest.approx(products(default), abs=1e-6)
    assert found[0] == pytest.approx(products(features["a"] - default), abs=1e-6)
    found = expert_products(features, ("a", "b"), default="default", compared=Compared.FEATURES)
    assert found[1] == pytest.approx(4 * products(default), abs=1e-5)


def test_worlds_of_experts_that_are_as_alike_as_their_tasks_are_the_same(transfer):
    world, scales = transfer.world, Scales()
    experts = np.flatnonzero(world.experts)
    sources = world.sources[experts]
    like = likeness_of_tasks(world, scales)[np.ix_(sources, sources)]
    generator = np.random.default_rng(2)
    chosen = generator.permutation(world.gains.size)[:150]
    cells = Cells(*np.unravel_index(chosen, world.gains.shape))
    expected = Kernel(world, scales)
    as_tasks = 1 + WIDTH**2 / 2 * np.log(like)
    for alike, place in ((as_tasks, Place.INSTEAD), (np.ones_like(like), Place.BESIDE)):
        other = world_of_experts(world, alike, width=WIDTH, place=place)
        found = Kernel(other, scales)
        assert found.mean(cells) == pytest.approx(expected.mean(cells))
        assert found.covariance(cells, cells) == pytest.approx(expected.covariance(cells, cells))
        assert np.array_equal(other.gains[:, : len(world.tasks)], world.gains, equal_nan=True)
        assert not np.isfinite(other.gains[:, len(world.tasks) :]).any()


def test_experts_that_see_alike_gain_alike(transfer):
    world = transfer.world
    a, b = np.flatnonzero(world.experts)[:2]
    alike = np.full((world.experts.sum(),) * 2, 0.2)
    np.fill_diagonal(alike, 1)
    task = next(t for t in range(len(world.tasks)) if t not in world.sources[[a, b]])
    cells = [Cells(np.array([m]), np.array([task])) for m in (a, b)]
    covariances = []
    for value in (0.2, 0.9):
        alike[0, 1] = alike[1, 0] = value
        other = world_of_experts(world, alike, width=WIDTH, place=Place.INSTEAD)
        covariances.append(Kernel(other, Scales()).covariance(*cells)[0, 0])
    assert covariances[1] > covariances[0] + 1e-4


def test_what_is_linear_is_foretold(rng):
    base, new = (rng.normal(size=(n, 6)).astype(np.float32) for n in (40, 7))
    turn, shift = rng.normal(size=(6, 6)), rng.normal(size=6)
    features = {"default": base, "expert": (base @ turn + shift).astype(np.float32)}
    weights = Regression.on(base, penalty=1e-9).weights(new)
    changes = Changes.between(base, features["expert"])
    assert changes.foretold(new, weights) == pytest.approx(new @ turn + shift, abs=1e-3)
    groups = np.repeat(np.arange(4), 10)
    found = [
        explained(features, default="default", groups=groups, penalty=p) for p in (1e-9, 1, 1e9)
    ]
    assert found[0] == pytest.approx(1, abs=1e-5)
    assert 1 > found[0] > found[1] > found[2]


def test_an_expert_that_training_left_as_it_was_is_the_default(rng):
    base, new = (rng.normal(size=(n, 6)).astype(np.float32) for n in (40, 7))
    weights = Regression.on(base, penalty=0.1).weights(new)
    assert Changes.between(base, base).foretold(new, weights) == pytest.approx(new)


def test_fewer_directions_foretell_less(rng):
    base = rng.normal(size=(40, 6))
    turn = np.diag([3.0, 2, 1, 0.5, 0.2, 0.1])
    off = []
    for directions in (1, 3, 6):
        changes = Changes.between(base, base + base @ turn, directions=directions)
        off.append(np.square(changes.around - (base - base.mean(axis=0)) @ turn).sum())
    assert off[0] > off[1] > off[2] == pytest.approx(0)


def test_the_error_of_ridge_regression(rng):
    labels = np.repeat(np.arange(2), 6)
    telling = (np.eye(2)[labels] + 0.01 * rng.normal(size=(12, 2))).astype(np.float32)
    noise = rng.normal(size=(12, 2)).astype(np.float32)
    assert ridge_error(telling, labels, classes=2) < 0.05
    assert ridge_error(noise, labels, classes=2) > 0.5
    assert np.isnan(ridge_error(telling[[0, 6]], labels[[0, 6]], classes=2))


def test_what_is_told_is_conditioned_on(rng):
    root = rng.normal(size=(4, 4))
    belief = Belief(rng.normal(size=4), root @ root.T)
    told = Told(slope=0.5, own=0.3, common=0.2)
    scores = np.array([0.4, np.nan, -0.1, np.nan])
    found = told.after(belief, scores)
    # Gains (4) and measurements (2) as one normal distribution.
    seen = np.eye(4)[[0, 2]]
    noise = 0.3**2 * np.eye(2) + 0.2**2
    precision = np.linalg.inv(belief.covariance) + seen.T @ np.linalg.inv(noise) @ seen
    weighed = np.linalg.solve(belief.covariance, belief.mean)
    weighed += seen.T @ np.linalg.solve(noise, 0.5 * scores[[0, 2]])
    assert found.covariance == pytest.approx(np.linalg.inv(precision))
    assert found.mean == pytest.approx(np.linalg.solve(precision, weighed))


def test_measures_are_those_of_the_definition(transfer):
    case = next(cases(transfer.world, Folds.TASK, transfer.families))
    world = transfer.world
    scores = np.linspace(-0.1, 0.1, len(case.offered))
    chosen = int(case.offered[3])
    density, gain, tau = measures(Ranking(scores, chosen, np.full(len(scores), 0.1)), case, world)
    expected = [
        norm.logpdf(
            world.gains[m, case.target], s, np.hypot(0.1, world.variances[m, case.target] ** 0.5)
        )
        for m, s in zip(case.offered, scores, strict=True)
        if m != world.default
    ]
    assert density == pytest.approx(np.mean(expected))
    assert gain == world.gains[chosen, case.target]
    assert -1 <= tau <= 1


def test_scores_that_tell_nothing_change_nothing(transfer):
    world = transfer.world
    scores = read_scores(world, Budget.FEW)
    base = Conditioned()
    told = np.full(world.gains.shape, np.nan)
    told[world.experts] = 0.5
    found = judged(
        transfer,
        scores,
        left=LeftOut.TASK,
        fits={
            "today": base,
            "nothing": Foretold(base, told, Told(slope=1, own=1e4, common=0)),
            "gains": Foretold(base, told, Told(slope=1, own=0.01, common=0)),
        },
        targets=[3],
        probes=(0, 1),
    )
    for count in (0, 1):
        for measure in ("density", "gain", "tau"):
            today = found["today", count, measure]
            assert np.flatnonzero(np.isfinite(today)).tolist() == [3]
            assert found["nothing", count, measure][3] == pytest.approx(today[3], abs=1e-4)
    assert found["gains", 0, "density"][3] < found["today", 0, "density"][3] - 1


def test_anchors_of_the_targets_family_do_not_count(transfer, rng):
    world, families = transfer.world, transfer.families
    case = next(iter(cases(world, Folds.TASK, families)))
    own = families[case.target]
    some = [own, own, *sorted(set(families))]
    seen = rng.normal(size=(int(world.experts.sum()), len(some), 8))
    of_anchors = np.stack([products(each) for each in seen])
    seen[:, np.array(some) == own] = 100 * rng.normal(size=seen[:, np.array(some) == own].shape)
    others = np.stack([products(each) for each in seen])
    small = Case(
        world.without(np.arange(world.gains.size).reshape(world.gains.shape) % 9 > 0),
        case.target,
        case.offered,
    )
    beliefs = [
        ByFeatures(each, families=some, of_tasks=families, width=WIDTH, place=Place.BESIDE)
        .of(small)
        .believe(Cells(small.offered, np.full(len(small.offered), small.target)))
        for each in (of_anchors, others)
    ]
    assert beliefs[0].mean == pytest.approx(beliefs[1].mean)
    assert beliefs[0].covariance == pytest.approx(beliefs[1].covariance)


def test_differences_are_paired():
    values = np.array([0.1, np.nan, 0.3, 0.2])
    draws = [
        {("today", 0, "gain"): values, ("new", 0, "gain"): values + more} for more in (0.02, 0.04)
    ]
    means = mean_over_draws(draws.__getitem__, 2)
    found = compared(means, than="today", families=("a", "a", "b", "c"))["0 probes"]["gain"]
    assert found["new"]["more"] == pytest.approx([3, 3, 3])
    assert found["today"]["mean"][0] == pytest.approx(20)
    assert "more" not in found["today"]


def test_a_soup_is_the_weighted_mean():
    states = [
        {"weight": torch.full((2,), float(value)), "count": torch.tensor(value)}
        for value in (1, 4, 7)
    ]
    found = averaged(states, [1, 1, 2])
    assert found["weight"].tolist() == pytest.approx([4.75, 4.75])
    assert found["count"].item() == 1
    assert averaged(states[:1], [3])["weight"].tolist() == [1, 1]


def test_side_by_side_products_are_the_means_of_products(rng):
    a, b = (rng.normal(size=(6, n)).astype(np.float32) for n in (3, 4))
    found = concatenated([a, b])
    assert found.shape == (6, 7)
    assert found @ found.T == pytest.approx((a @ a.T + b @ b.T) / 2, abs=1e-5)


def test_the_nearest_are_no_relatives_where_these_are_left_out(transfer):
    world = transfer.world
    like = likeness_of_tasks(world, Scales())
    family = dict(zip(world.tasks, transfer.families, strict=True))
    target = "greek_capitals"
    near = nearest(transfer, like, target, mode=LeftOut.TASK, count=5)
    assert target not in near
    assert any(family[name] == family[target] for name in near)
    assert list(near.values()) == sorted(near.values(), reverse=True)
    far = nearest(transfer, like, target, mode=LeftOut.FAMILY, count=5)
    assert len(far) == 5
    assert all(family[name] != family[target] for name in far)


def test_one_target_of_each_family(tmp_path):
    tasks = {
        name: DevelopmentTask(name, family, tmp_path)
        for name, family in (("c", "x"), ("b", "y"), ("a", "x"))
    }
    assert [task.name for task in one_of_each_family(tasks)] == ["a", "b"]


def test_soups_are_compared_with_the_nearest_expert():
    found = summary({NEAREST: [1.0, 3.0], "soup of 1": [2.0, 4.0]})
    assert found["soup of 1"]["gain"][0] == 3
    assert found["soup of 1"]["over nearest"] == [1, 1, 1]
    assert found[NEAREST]["over nearest"] == [0, 0, 0]
