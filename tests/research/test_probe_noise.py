"""The noise of a linear probe is what the committed tables give, and its fit is right."""

import json

import numpy as np
import pytest

from research.transfer.probe_noise import OUT, Probed, fit, log_density, read_probed
from research.transfer.targets import Budget
from task2vec.recommendation.measure.probe_accuracy import COMMON, NOISE


def test_the_constants_are_those_that_the_committed_tables_give():
    choosing = [each for each in read_probed() if each.choosing]
    assert fit(choosing) == pytest.approx((NOISE, COMMON), abs=0.006)


def test_they_make_the_probes_of_the_other_half_more_probable_than_their_images_alone():
    found = json.loads(OUT.read_text(encoding="utf-8"))["log_density_a_probe"]
    before, after = (found[name]["reporting"] for name in found)
    assert all(after[budget] > before[budget] + 0.1 for budget in ("few", "all", "both"))


def test_a_fit_finds_what_probes_were_made_with():
    rng = np.random.default_rng(0)
    probed = []
    for _ in range(200):
        variances, outcomes = rng.uniform(1e-3, 1e-2, 30), rng.uniform(1e-5, 1e-4, 30)
        noise = 2.0 * variances
        off = np.sqrt(0.7 * noise) * rng.normal(size=30) + np.sqrt(0.3 * noise) * rng.normal()
        off += np.sqrt(0.7 * outcomes) * rng.normal(size=30)
        off += np.sqrt(0.3 * outcomes) * rng.normal()
        probed.append(Probed(Budget.FEW, True, off, variances, outcomes))
    noise, common = fit(probed)
    assert (noise, common) == (pytest.approx(2.0, rel=0.05), pytest.approx(0.3, abs=0.03))
    assert log_density(probed, noise=noise, common=common) > log_density(
        probed, noise=1.0, common=0.0
    )
