"""The share that is borne out, and what new images cost, are those that were measured."""

import json

import pytest

from research.final_evaluation import borne_out, new_images
from research.final_evaluation.borne_out import Expected, held, judged
from task2vec.recommendation.evidence.recipes import BORNE_OUT, RecipeGain
from task2vec.recommendation.prediction.new_images import COST, SD_FEW, SD_MANY


def rows(*gains, led=0.1):
    return [Expected(f"f{i}", 2, RecipeGain(led, 0.05), got, 0.0) for i, got in enumerate(gains)]


def test_the_share_is_that_of_sums_over_families():
    found = judged(rows(0.05, 0.0, 0.01))
    assert found["share"][0] == pytest.approx(0.2)
    assert (found["points_expected"], found["points_got"], found["families"]) == (10, 2, 3)


def test_a_share_is_judged_by_what_it_promises():
    off = held(rows(0.05, -0.07), 0.5)
    assert off["promised_beyond"] == pytest.approx(6)
    # 0 and 12 points off, where 8.2 are held.
    assert (off["root_mean_square"], off["held"]) == (8.49, 0.5)


def test_the_share_that_counts_is_the_one_of_those_judged_that_promises_best():
    found = json.loads(borne_out.OUT.read_text(encoding="utf-8"))
    low, high = found["development"]["all"]["share"][1:]
    assert low < BORNE_OUT < high
    shares = found["shares_on_development"]
    least = min(each["root_mean_square"] for each in shares.values())
    assert shares[f"{BORNE_OUT:g}"]["root_mean_square"] <= least + 0.02


def test_the_costs_of_new_images_are_those_measured():
    found = json.loads(new_images.OUT.read_text(encoding="utf-8"))
    assert found["all"]["log_odds_lost"][0] == pytest.approx(COST, abs=0.005)
    few, many = (found[budget]["deviation_without_noise"] for budget in ("few", "all"))
    assert (few, many) == (pytest.approx(SD_FEW, abs=0.005), pytest.approx(SD_MANY, abs=0.005))


def test_no_cost_at_few_images_is_within_what_was_measured():
    found = json.loads(new_images.OUT.read_text(encoding="utf-8"))
    low, high = found["few"]["log_odds_lost"][1:]
    assert low < 0 < high
