"""What is said of rankers is what was counted by hand, and the sentence follows from it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import make_world

from task2vec.data.wording import plural
from task2vec.messages.backtests import FamilyOrigin, Verdict
from task2vec.recommendation.backtest.bootstrap import Estimate
from task2vec.recommendation.backtest.folds import Folds, cases, families_of
from task2vec.recommendation.backtest.report import LEAST_FAMILIES, LEAST_TASKS, judge_by, report
from task2vec.recommendation.backtest.run import Trials, backtest, noise_ceiling, weighted_tau
from task2vec.recommendation.gain_model.fit import fit_gain_model, left_out
from task2vec.recommendation.prediction.intervals import conformal_reach
from task2vec.recommendation.rankers import AlwaysDefault, Hierarchical, StaticAverage


def trials_of(name, gain, *, tau=0.0, oracle=0.1, covered=None):
    gain = np.array(gain, dtype=float)
    count = len(gain)
    oracle = np.full(count, oracle)
    return Trials(
        ranker=name,
        tasks=np.arange(count),
        tau=np.resize(np.array(tau, dtype=float), count),
        regret_at_1=oracle - gain,
        regret_at_3=(oracle - gain) / 2,
        top_1=gain == oracle,
        offered=np.full(count, 3),
        choice=np.where(gain == 0, 0, 1),
        gain=gain,
        expected=gain,
        abstained=gain == 0,
        oracle=oracle,
        covered=np.full((2, count), np.nan) if covered is None else np.array(covered),
        ceiling=np.full(count, 0.9),
    )


DEFAULT = trials_of("always_default", [0, 0, 0, 0])
STATIC = trials_of("static", [0.02, -0.04, 0.06, -0.04], tau=0.1)
OURS = trials_of(
    "ours", [0.1, 0, 0.06, 0], tau=[0.5, 0.3, 0.4, 0.2], covered=[[1, 1, 0.5, 0.5], [1, 1, 1, 0.5]]
)


def resampled(values, statistic=np.mean):
    """A second bootstrap, one resample at a time, from the same random numbers."""
    drawn = np.random.default_rng(0).integers(0, len(values), (4000, len(values)))
    return np.quantile([statistic(np.asarray(values)[row]) for row in drawn], [0.025, 0.975])


def test_means_are_those_counted_by_hand():
    found = report([DEFAULT, STATIC, OURS], ours="ours").model_dump()
    default, static, ours = found["rankers"]
    assert ours["weighted_kendall"] == pytest.approx(0.35)
    assert ours["gain"] == pytest.approx(0.04)
    assert ours["regret_at_1"] == pytest.approx(0.06)
    assert ours["regret_at_3"] == pytest.approx(0.03)
    assert ours["top_1"] == 0.25
    assert ours["headroom_captured"] == pytest.approx(0.16 / 0.4)
    assert static["headroom_captured"] == pytest.approx(0)
    assert ours["ci"]["gain"] == pytest.approx(resampled([0.1, 0, 0.06, 0]))
    assert ours["ci"]["top_1"] == pytest.approx(resampled([1, 0, 0, 0]))
    assert default["gain"] == 0
    assert found["tasks"] == 4


def test_differences_are_paired():
    found = report([DEFAULT, STATIC, OURS], ours="ours").model_dump()
    default, static, ours = found["rankers"]
    assert ours["ours_minus"] is None
    assert default["ours_minus"]["gain"] == pytest.approx(0.04)
    differences = [0.08, 0.04, 0.0, 0.04]
    assert static["ours_minus"]["gain"] == pytest.approx(0.04)
    assert static["ours_minus"]["ci"]["gain"] == pytest.approx(resampled(differences))
    assert static["ours_minus"]["weighted_kendall"] == pytest.approx(0.25)


def test_coverage_is_a_share_over_tasks():
    found = report([DEFAULT, OURS], ours="ours").model_dump()["coverage"]
    assert [each["level"] for each in found] == [0.8, 0.9]
    assert [each["observed"] for each in found] == pytest.approx([0.75, 0.875])
    assert found[0]["ci"] == pytest.approx(resampled([1, 1, 0.5, 0.5]))


def test_abstaining_costs_what_the_best_of_the_others_gained_there():
    lucky = trials_of("lucky", [-0.5, 0.03, -0.5, 0.01])
    found = report([DEFAULT, STATIC, lucky, OURS], ours="ours").model_dump()["abstention"]
    assert found["rate"] == 0.5
    assert found["best_baseline"] == "lucky"
    assert found["loss"] == pytest.approx(0.02)
    assert found["gain_otherwise"] == pytest.approx(0.08)
    # Where the default itself is the best of the others, nothing is lost.
    found = report([DEFAULT, STATIC, OURS], ours="ours").model_dump()["abstention"]
    assert (found["best_baseline"], found["loss"]) == ("always_default", 0)


def test_who_always_or_never_abstains_leaves_a_gap():
    always = report([DEFAULT, trials_of("ours", [0, 0, 0, 0])], ours="ours").abstention
    assert always.gain_otherwise is None
    never = report([DEFAULT, trials_of("ours", [0.1, 0.1, 0.1, 0.1])], ours="ours").abstention
    assert (never.rate, never.loss, never.best_baseline) == (0, None, None)


def test_without_headroom_nothing_is_captured():
    found = report(
        [trials_of("always_default", [0, 0], oracle=0), trials_of("ours", [-0.1, 0], oracle=0)],
        ours="ours",
    )
    assert all(each.headroom_captured is None for each in found.rankers)


@pytest.mark.parametrize(
    ("gain", "advantage", "verdict", "words"),
    [
        ((0.03, 0.01, 0.05), (0.02, 0.01, 0.03), Verdict.YES, "is worth using"),
        ((0.03, 0.01, 0.05), (0.02, -0.01, 0.03), Verdict.UNKNOWN, "do not show whether"),
        ((0.03, -0.01, 0.05), (0.02, 0.01, 0.03), Verdict.UNKNOWN, "do not show whether"),
        ((-0.03, -0.05, -0.01), (0.02, 0.01, 0.03), Verdict.NO, "always taking the default"),
        ((0.03, 0.01, 0.05), (-0.02, -0.03, -0.01), Verdict.NO, "good is at least as good"),
        ((0.0, 0.0, 0.0), (0.02, -0.01, 0.03), Verdict.NO, "always taking the default"),
    ],
)
def test_the_sentence_follows_from_the_intervals(gain, advantage, verdict, words):
    rivals = [
        ("always_default", 0.0, Estimate(*gain)),
        ("bad", -0.1, Estimate(0.5, 0.4, 0.6)),
        ("good", 0.01, Estimate(*advantage)),
    ]
    verdict_found, sentence = judge_by(Estimate(*gain), rivals, tasks=30, families=10)
    assert verdict_found is verdict
    assert words in sentence
    assert f"{100 * gain[0]:+.1f} points" in sentence
    assert "good" in sentence


@given(st.integers(0, LEAST_TASKS - 1))
def test_of_few_tasks_nothing_is_said(tasks):
    sure = Estimate(0.2, 0.1, 0.3)
    verdict_found, sentence = judge_by(sure, [("static", 0.0, sure)], tasks=tasks, families=tasks)
    assert verdict_found is Verdict.UNKNOWN
    assert f"{plural(tasks, 'task')} ha" in sentence


@given(st.integers(1, LEAST_FAMILIES - 1))
def test_of_few_families_nothing_is_said(families):
    sure = Estimate(0.2, 0.1, 0.3)
    verdict_found, sentence = judge_by(sure, [("static", 0.0, sure)], tasks=30, families=families)
    assert verdict_found is Verdict.UNKNOWN
    assert f"{families} famil" in sentence


def test_intervals_draw_families():
    families = ["a", "a", "b", "b"]
    alone = report([DEFAULT, STATIC, OURS], ours="ours").model_dump()["rankers"][2]
    found = report([DEFAULT, STATIC, OURS], ours="ours", families=families).model_dump()
    ours = found["rankers"][2]
    assert ours["gain"] == alone["gain"]
    # Means of the families: 0.05 and 0.03.
    assert ours["ci"]["gain"] == pytest.approx([0.03, 0.05])
    assert "2 families" not in found["sentence"], "there are too few tasks in the first place"
    never = report([DEFAULT, OURS], ours="ours", families=["a", "b", "a", "b"]).abstention
    assert never.loss == 0


def test_no_trials_give_an_empty_report_that_says_why():
    found = report([], ours="ours").model_dump()
    assert (found["rankers"], found["coverage"], found["tasks"]) == ((), (), 0)
    assert found["verdict"] == "unknown"
    assert "Record more" in found["sentence"]


def test_the_ceiling_falls_with_the_noise_and_agrees_with_halves():
    rng = np.random.default_rng(5)
    true = rng.normal(size=40)
    assert noise_ceiling(true, np.zeros(40)) == pytest.approx(1)
    ceilings = [noise_ceiling(true, np.full(40, v)) for v in (0.01, 0.1, 1.0)]
    assert ceilings == sorted(ceilings, reverse=True)
    # Against many pairs of halves that were really drawn, each of twice the variance.
    pairs = true + np.sqrt(0.2) * rng.normal(size=(300, 2, 40))
    assert ceilings[1] == pytest.approx(np.mean([weighted_tau(*pair) for pair in pairs]), abs=0.05)
    assert noise_ceiling(true, np.full(40, 0.1)) == ceilings[1]


def test_a_backtest_is_reported_whole():
    world = make_world(seed=31, tasks=9, experts=6, known=1.0)
    rankers = [AlwaysDefault(), StaticAverage(), Hierarchical(levels=(0.8, 0.9))]
    found = report(backtest(world, rankers), ours="task2vec")
    assert found.tasks == 9
    assert [each.level for each in found.coverage] == [0.8, 0.9]
    assert 0.5 < found.noise_ceiling.weighted_kendall <= 1
    assert found.noise_ceiling.estimated
    assert found.rankers[0].gain == 0


def test_intervals_reach_as_far_as_a_recommendation_says():
    world = make_world(seed=32, tasks=12, experts=4, known=1.0)
    case = next(iter(cases(world, Folds.TASK, world.tasks)))
    found = Hierarchical(levels=(0.8, 0.99)).rank(case)
    errors = left_out(fit_gain_model(case.world, target=case.target))
    expected = conformal_reach(errors.errors, errors.tasks, level=0.8)
    # 99 % would take 99 tasks: there the model's own is taken.
    assert found.reach == pytest.approx((expected, 2.5758), abs=1e-4)
    assert Hierarchical().rank(case).reach is None


def test_families_are_tags_or_else_clusters():
    points = np.array([0, 0.05, 1, 1.05, 1.1, 3])
    symmetric = np.abs(points[:, None] - points[None])
    tagged = [None, None, "pets", None, "wild", "alone"]
    found = families_of(["a", "b", "c", "d", "e", "f"], tagged, symmetric)
    assert [each.name for each in found] == ["near a", "near a", "pets", "pets", "wild", "alone"]
    origins = [FamilyOrigin.CLUSTER, FamilyOrigin.TAG]
    assert [origins.index(each.origin) for each in found] == [0, 0, 1, 0, 1, 1]
    assert families_of(["a"], [None], np.zeros((1, 1)))[0].name == "near a"


def test_copies_of_the_target_are_hidden_with_it():
    world = make_world(seed=33, tasks=6, experts=4, known=1.0)
    contents = ["a", "b", "a", "c", "d", "e"]
    gains = world.gains.copy()
    gains[2, 0] = np.nan
    world = replace(world, gains=gains)
    found = {case.target: case for case in cases(world, Folds.TASK, world.tasks, contents=contents)}
    # Task 0 has fewer outcomes than its copy, which is asked about instead.
    assert sorted(found) == [1, 2, 3, 4, 5]
    case = found[2]
    assert not case.world.measured[:, [0, 2]].any()
    assert case.world.measured[:, [1, 3, 4, 5]].any(axis=0).all()
    assert not np.isin(world.sources[case.offered], [0, 2]).any()
    assert 1 in world.sources[case.offered]
    # What the expert of a copy did elsewhere tells of the target's images, too.
    assert not case.world.measured[world.sources == 0].any()


def test_tasks_that_have_images_of_the_target_are_hidden_but_asked_about():
    world = make_world(seed=34, tasks=6, experts=4, known=1.0)
    shared = np.zeros((6, 6), dtype=bool)
    shared[2, 1] = True
    found = {case.target: case for case in cases(world, Folds.TASK, world.tasks, shared=shared)}
    assert sorted(found) == list(range(6))
    case = found[2]
    assert not case.world.measured[:, [1, 2]].any()
    assert not np.isin(world.sources[case.offered], [1, 2]).any()
    assert not case.world.measured[world.sources == 1].any()
    # A part of the target in another task need not be a part of that in the target.
    assert found[1].world.measured[:, 2].any()
