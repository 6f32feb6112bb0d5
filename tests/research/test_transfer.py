"""The transfer benchmark: nothing that is trained on is tested on, and the cascade is replayed."""

from dataclasses import replace
from itertools import islice
from statistics import NormalDist

import numpy as np
import pytest

from benchmarks.examples import folder
from research.development.tasks import SUPERFAMILIES, DevelopmentTask
from research.transfer.cascading import Fits, Ours, Scores, read_scores
from research.transfer.ceiling import agreement
from research.transfer.draws import mean_over_draws
from research.transfer.outcomes import Cell, append_cells, cell, draw_answers, read_cells
from research.transfer.report import LeftOut, abstention
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget, Target
from task2vec.recommendation.backtest.folds import Folds, cases
from task2vec.recommendation.backtest.run import backtest, weighted_tau
from task2vec.recommendation.evidence.world import NO_SOURCE, Case, World
from task2vec.recommendation.measure.probe_accuracy import NOISE
from task2vec.recommendation.rankers import LEVELS, TRUST, AlwaysDefault, Hierarchical


@pytest.fixture(scope="module")
def target(tiny_probe):
    return Target(
        DevelopmentTask("sprites_facing", "sprites", folder("sprites_facing")), tiny_probe
    )


@pytest.mark.parametrize("budget", Budget)
def test_no_object_is_trained_on_and_tested(target, budget):
    draws = list(target.draws(budget))
    assert len(draws) == budget.draws
    for draw in draws:
        assert not set(target.objects[draw.train]) & set(target.objects[draw.test])
        assert set(target.labels[draw.train]) == set(range(target.classes))
        assert len(draw.test) >= 20
    if budget is Budget.FEW:
        counts = [np.bincount(target.labels[draw.train]).max() for draw in draws]
        assert max(counts) == target.shots == 5
    again = list(target.draws(budget))
    assert all((a.train == b.train).all() for a, b in zip(draws, again, strict=True))
    assert draws[0].train.tolist() != draws[1].train.tolist()


def test_an_object_is_in_one_half(target):
    for thing in np.unique(target.objects):
        assert len(set(target.half[target.objects == thing])) == 1
    assert 0.3 < target.half.mean() < 0.7


def test_features_that_tell_the_classes_are_right_on_both_halves(target):
    features = np.eye(target.classes, dtype=np.float32)[target.labels]
    found = draw_answers(features, target, Budget.ALL)
    for answers, draw in zip(found, target.draws(Budget.ALL), strict=True):
        assert np.flatnonzero(np.isfinite(answers)).tolist() == draw.test.tolist()
    assert np.nanmin(found) == 1
    noise = np.random.default_rng(1).normal(size=(len(target.labels), 8)).astype(np.float32)
    blind = draw_answers(noise, target, Budget.ALL)
    assert np.nanmean(blind) < 0.5
    summed = cell("some", target, Budget.ALL, found=found, default=blind)
    assert summed.accuracy == summed.first == summed.second == 1


def test_the_error_of_a_gain_counts_objects_and_draws(target):
    shape = 8, len(target.labels)
    default = np.zeros(shape)
    # Every other object gains, in every draw alike: n objects of images of their own tell as n.
    gains = np.tile(target.objects % 2, (8, 1)).astype(float)
    sizes = np.bincount(target.objects)
    off = (np.arange(len(sizes)) % 2 - gains.mean()) * sizes
    found = cell("some", target, Budget.ALL, found=gains, default=default)
    assert found.error == pytest.approx(np.sqrt(np.square(off).sum()) / sizes.sum())
    assert found.error > gains[0].std() / np.sqrt(shape[1])
    # Whole draws gain or not: all objects alike.
    gains = np.tile(np.arange(8.0)[:, None] % 2, (1, shape[1]))
    found = cell("some", target, Budget.ALL, found=gains, default=default)
    assert found.error == pytest.approx(np.sqrt(2 / 7 / 8))


def test_cells_are_read_as_they_were_written(tmp_path):
    cells = [
        Cell("a", "b", Budget.FEW, 0.5, 0.25, 0.75, 0.125),
        Cell("a", "c", Budget.ALL, 1.0, 1.0, 1.0, 0.0),
    ]
    append_cells(cells[:1], tmp_path / "table.csv")
    append_cells(cells[1:], tmp_path / "table.csv")
    assert read_cells(tmp_path / "table.csv") == cells
    assert read_cells(tmp_path / "none.csv") == []


def case_of(gain):
    """A case with one far expert of an unknown gain, probed to gain ``gain``."""
    distances = np.full((3, 3), 0.5)
    np.fill_diagonal(distances, 0)
    nothing = np.full((3, 3), np.nan)
    world = World(
        tasks=("a", "b", "target"),
        models=("default", "expert a", "expert b"),
        default=0,
        sources=np.array([NO_SOURCE, 0, 1]),
        symmetric=distances,
        asymmetric=distances,
        gains=nothing,
        variances=nothing,
        base=np.zeros(3),
    )
    gains, variances = nothing.copy(), nothing.copy()
    gains[1:, 2], variances[1:, 2] = (gain, -0.1), 0.02**2
    tables = {
        "linear_probe_gain": gains,
        "linear_probe_variance": variances,
        "ridge_error": nothing.copy(),
    }
    return Case(world, 2, np.arange(3)), Scores(tables, np.full(3, 25), np.full(3, 5))


def test_without_probes_it_is_the_ranker_of_outcomes():
    case, scores = case_of(0.2)
    found = Ours("ours", Fits(), scores, passes=0, trust=TRUST).rank(case)
    expected = Hierarchical().rank(case)
    assert found.choice == expected.choice == 0
    assert found.scores == pytest.approx(expected.scores)


def test_a_probe_finds_the_expert_that_gains():
    case, scores = case_of(0.2)
    found = Ours("ours", Fits(), scores, passes=2, trust=TRUST).rank(case)
    assert found.choice == 1
    assert found.scores[1] > 0.1
    case, scores = case_of(-0.2)
    assert Ours("ours", Fits(), scores, passes=2, trust=TRUST).rank(case).choice == 0


def test_a_probe_tells_of_its_error_where_that_is_known():
    _, scores = case_of(0.1)
    assert scores.measured(1, 2, default=0).lower_error is None
    # Of errors the table has the negative.
    scores.tables["ridge_error"][:, 2] = -0.5, -0.3, np.nan
    assert scores.measured(1, 2, default=0).lower_error == pytest.approx(0.2)
    assert scores.measured(2, 2, default=0).lower_error is None
    assert scores.measured(0, 2, default=0) is None


def test_a_score_that_cannot_be_told_comes_last():
    few = np.full(2, 25), np.full(2, 5)
    scores = Scores({"some": np.array([[0.5, np.nan], [0.2, 0.9]])}, *few)
    assert scores.of("some").min() == scores.of("some")[0, 1]


def test_rankers_of_several_draws_are_judged_by_their_mean():
    case, wins = case_of(0.2)
    _, loses = case_of(-0.2)
    gains = np.zeros((3, 3))
    gains[1, 2] = 0.3
    world = replace(case.world, gains=gains, variances=np.full((3, 3), 0.01**2))
    asked = [
        AlwaysDefault(),
        *(Ours("probed", Fits(), scores, passes=2, trust=TRUST) for scores in (wins, loses)),
    ]
    trials = backtest(world, asked, only=[2])
    default, probed = mean_over_draws(trials)
    assert [default.ranker, probed.ranker] == [AlwaysDefault.name, "probed"]
    assert (trials[1].gain, trials[2].gain) == (0.3, 0)
    assert probed.gain == pytest.approx(0.15)
    assert probed.abstained == 0.5
    assert probed.tau == pytest.approx((trials[1].tau + trials[2].tau) / 2)
    assert default.tasks.tolist() == probed.tasks.tolist() == [2]


@pytest.mark.parametrize("noise", [0.02, 0.05])
def test_what_repeats_of_the_whole_would_agree_by_is_told_by_the_halves(noise):
    rng = np.random.default_rng(5)
    told, true = [], []
    for _ in range(40):
        gains = rng.normal(0, 0.05, size=40)
        first, second = gains + noise * rng.normal(size=(2, 40))
        told.append([agreement(first, second, parts=n, rng=rng) for n in (1, 2)])
        halves = gains + noise * rng.normal(size=(2, 40))
        whole = gains + noise * 0.5**0.5 * rng.normal(size=(2, 40))
        true.append([weighted_tau(*halves), weighted_tau(*whole)])
    expected = np.mean(true, axis=0)
    assert expected[1] > expected[0] + 0.05
    assert np.mean(told, axis=0) == pytest.approx(expected, abs=0.035)


def test_silence_costs_what_the_best_rule_gains_meanwhile():
    case, _ = case_of(0.2)
    gains = np.where(np.arange(3) == 2, 0.1, case.world.gains)
    world = replace(case.world, gains=gains, variances=np.full((3, 3), 0.01**2))
    (some,) = mean_over_draws(backtest(world, [AlwaysDefault()], only=[2]))
    rows = np.array([True, True, True, False])

    def means(name, gain, abstained):
        return replace(some, ranker=name, gain=np.array(gain), abstained=np.array(abstained))

    ours = means("task2vec", [0.0, 0.04, 0.05, 0.0], [1.0, 0.5, 0.0, 1.0])
    good = means("good", [0.03, 0.02, -0.2, 0.0], [0.0, 0.0, 0.0, 0.0])
    bad = means("bad", [0.01, 0.02, 0.3, 9.0], [0.0, 0.0, 0.0, 0.0])
    families = ["a", "b", "a"]
    found = abstention(ours, [bad, good], rows, families)
    assert found["best_baseline"] == "good"
    assert found["loss_points"][0] == pytest.approx((3.0 + 0.5 * 2.0) / 1.5, abs=1e-3)
    # Where it is silent it gains nothing: all that it gains is of the other one and a half targets.
    assert found["gain_otherwise_points"][0] == pytest.approx(9.0 / 1.5, abs=1e-3)
    talks = means("task2vec", [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0])
    assert abstention(talks, [good], rows, families) is None


def test_every_family_is_of_a_kind_and_a_kind_left_out_hides_all_of_its_families():
    transfer = read_transfer(Budget.FEW)
    assert set(transfer.families) == set(SUPERFAMILIES)
    assert set(SUPERFAMILIES.values()) == {"glyphs", "drawn", "game", "photo", "clothes"}
    families = LeftOut.SUPERFAMILY.families(transfer)
    number = transfer.world.tasks.index("styles_greek")
    for left, unknown in ((LeftOut.FAMILY, ["styles"]), (LeftOut.SUPERFAMILY, ["glyphs"])):
        known_by = left.families(transfer)
        case = next(
            each for each in cases(transfer.world, left.folds, known_by) if each.target == number
        )
        hidden = [task for task, family in enumerate(known_by) if family in unknown]
        assert len(hidden) > 1
        assert not case.world.measured[:, hidden].any()
        assert not np.isin(case.world.sources[case.offered], hidden).any()
        assert case.world.measured.any()
    assert families[number] == "glyphs"


def test_intervals_of_measured_models_reach_as_far_as_noise_does():
    transfer = read_transfer(Budget.ALL, distance="plain")
    case = next(cases(transfer.world, Folds.TASK, transfer.families))
    scores = read_scores(transfer.world, Budget.ALL)
    (_, before), (probed, after) = islice(
        Ours("ours", Fits(), scores, passes=1, trust=0.2).steps(case), 2
    )
    place = int(np.flatnonzero(case.offered == probed)[0])
    usual = [NormalDist().inv_cdf((1 + level) / 2) for level in LEVELS]
    assert after.reach[:, place] == pytest.approx(usual)
    others = (case.offered != probed) & (case.offered != case.world.default)
    assert (after.reach[:, others] == before.reach[:, others]).all()
    assert after.reach[0, others] != pytest.approx(usual[0], abs=0.05)
    # By hand: what was expected, and the noise of one probe.
    measured = scores.measured(probed, case.target, default=case.world.default)
    gain, variance = measured.with_error(classes=int(scores.classes[case.target]))
    prior, noise = before.sd[place] ** 2, NOISE * variance
    expected = before.scores[place] + prior / (prior + noise) * (gain - before.scores[place])
    assert after.scores[place] == pytest.approx(expected, abs=1e-4)
    assert after.sd[place] ** 2 == pytest.approx(prior * noise / (prior + noise), rel=1e-2)
