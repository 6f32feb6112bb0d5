"""The temperature against brute force, and the laws that it keeps."""

from math import exp, isfinite, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from task2vec.finetuning.temperature import (
    FEW_IMAGES,
    PRIOR_IMAGES,
    Temperature,
    fit_temperature,
    shares,
)


def cost_by_definition(logits, labels, temperature):
    """Sum over images one by one, plus the pull to 1, in plain Python."""
    total = PRIOR_IMAGES * (1 / temperature - 1 + log(temperature))
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        scores = [score / temperature for score in row]
        top = max(scores)
        total += top + log(sum(exp(score - top) for score in scores)) - scores[label]
    return total


@st.composite
def judged(draw, most=12):
    """Logits of some images, sharp or dull, and labels that they may be wrong about."""
    count, classes = draw(st.integers(1, most)), draw(st.integers(2, 5))
    numbers = st.floats(-30, 30, width=32)
    logits = draw(arrays.arrays(np.float32, (count, classes), elements=numbers))
    labels = draw(arrays.arrays(np.int64, count, elements=st.integers(0, classes - 1)))
    return logits, labels


@settings(max_examples=60, deadline=None)
@given(judged())
def test_no_temperature_of_a_fine_grid_does_better(case):
    logits, labels = case
    found = fit_temperature(logits, labels).value
    grid = np.geomspace(1 / 50, 50, 300)
    costs = [cost_by_definition(logits, labels, t) for t in grid]
    least = cost_by_definition(logits, labels, found)
    assert least <= min(costs) + 1e-7 * max(1, abs(min(costs)))
    # The best of the grid is a neighbour: there is one minimum, and this is it.
    best = int(np.argmin(costs))
    assert grid[max(best - 1, 0)] <= found * 1.001
    assert found <= grid[min(best + 1, 299)] * 1.001


def test_without_images_it_is_one_and_says_so():
    found = fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
    assert found == Temperature(1.0, 0)
    assert found.warnings == (
        "no image was left to calibrate on: the probabilities are the classifier's own",
    )
    assert "on 3 images only" in Temperature(1.2, 3).warnings[0]
    assert Temperature(1.2, FEW_IMAGES).warnings == ()


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_images_that_are_all_right_or_all_wrong_give_a_finite_one(right, size):
    logits = size * np.eye(3)[[0, 1, 2] * 20]
    labels = np.array([0, 1, 2] * 20) if right else np.array([1, 2, 0] * 20)
    found = fit_temperature(logits, labels).value
    assert isfinite(found)
    assert 1 / 50 <= found <= 50
    assert (found <= 1 + 1e-6) if right else (found >= 1 - 1e-6)


@given(judged(), st.floats(0.02, 50))
@settings(max_examples=60, deadline=None)
def test_shares_add_up_and_keep_the_order(case, temperature):
    logits, _ = case
    found = shares(logits, temperature)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
    rows = np.arange(len(logits))
    # The label is the same at any temperature.
    assert (found[rows, logits.argmax(axis=1)] == found.max(axis=1)).all()
    wide = logits.astype(np.float64) / temperature
    for row, scores in zip(found, wide, strict=True):
        top = scores.max()
        expected = [exp(score - top) for score in scores]
        np.testing.assert_allclose(row, np.array(expected) / sum(expected), rtol=1e-12, atol=0)
