"""The constants of the fine-tuned gain are those that the benchmark fits, and its fit is right."""

import json

import numpy as np
import pytest

from research.development.tasks import choosing_families
from research.transfer.follow import (
    OURS,
    OUT,
    Followed,
    default_lift,
    errors,
    fit,
    read_followed,
    widened,
)
from research.transfer.promises import OUT as PROMISES
from task2vec.recommendation.prediction import fine_tuned_gain as package


def test_the_constants_are_those_that_the_committed_cells_give():
    cells, defaults = read_followed()
    choosing = choosing_families(set(cells.families))
    first = cells.of(np.isin(cells.families, sorted(choosing)))
    loss, fades, own, share = np.exp(widened(OURS, first))
    assert pytest.approx(loss, abs=0.006) == package.LOSS_SLOPE
    assert pytest.approx(fades, abs=0.6) == package.FADES
    assert pytest.approx(own, abs=6e-4) == package.OWN_SD
    assert pytest.approx(share, abs=0.006) == package.SHARE_SD
    lift, sd = default_lift([row for row in defaults if row[0] in choosing], fades)
    assert (pytest.approx(lift, abs=0.006), pytest.approx(sd, abs=0.006)) == (
        package.LIFT,
        package.LIFT_SD,
    )


def test_the_committed_report_is_of_these_constants_and_its_intervals_hold():
    found = json.loads(OUT.read_text(encoding="utf-8"))
    constants = found["constants"]
    assert (constants["loss_slope"], constants["fades"]) == (package.LOSS_SLOPE, package.FADES)
    assert (constants["own_sd"], constants["share_sd"]) == (package.OWN_SD, package.SHARE_SD)
    left_out = found["coverage"]["each family left out"]
    for budget in ("few", "all", "both"):
        _, low, high = left_out[budget]["0.9"]
        assert low <= 0.9 <= high
    assert left_out["both"]["0.9"][0] >= 0.9


def test_a_fit_finds_what_cells_were_made_with():
    rng = np.random.default_rng(0)
    probed, images = rng.normal(0, 0.15, 3000), rng.uniform(10, 300, 3000)
    mean = np.where(probed < 0, 1.2 * probed, np.exp(-images / 80) * probed)
    tuned = mean + np.hypot(0.04, 0.25 * probed) * rng.normal(size=3000)
    cells = Followed(["a"] * 3000, ["few"] * 3000, probed, tuned, images)
    parameters = fit(OURS, cells)
    assert np.exp(parameters) == pytest.approx([1.2, 80, 0.04, 0.25], rel=0.1)
    assert np.mean(errors(OURS, parameters, cells) < 1.645) == pytest.approx(0.9, abs=0.02)


def test_whole_answers_keep_what_they_promise():
    found = json.loads(PROMISES.read_text(encoding="utf-8"))
    held = found["share_of_fine_tuned_gains_in_90_percent_intervals"]
    for budget in ("few", "all"):
        for left in ("task", "family"):
            for probes in ("0", "1", "2", "4", "8", "16", "all"):
                value, low, high = held[budget][left][probes]
                assert 0.85 <= value <= 0.95
                assert low <= 0.9 <= high
