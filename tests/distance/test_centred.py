"""The centred distance against loops over floats, its laws, and what noise does to it."""

from math import log, sqrt

import numpy as np
import pytest
from factories import draw_replicates
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from task2vec.distance import (
    FAST_ERROR,
    centred_distance,
    estimate_centred,
    fast_centred,
    log_centre,
    with_prior,
)
from task2vec.errors import SettingError, SpaceMismatchError

PRIOR = 1e-6
WIDE = st.floats(1e-6, 1e6)
PAIRS = arrays(np.float64, (2, 7), elements=WIDE)
CENTRES = arrays(np.float64, 7, elements=st.floats(-20, 20))


def oracle(a, b, centre):
    """The formula, one float at a time."""

    def centred(values):
        x = [log(value) - middle for value, middle in zip(values, centre, strict=True)]
        mean = sum(x) / len(x)
        return [each - mean for each in x]

    x, y = centred(a), centred(b)
    xy = sum(p * q for p, q in zip(x, y, strict=True))
    return 1 - xy / sqrt(sum(p * p for p in x) * sum(q * q for q in y))


def naive_centre(values, prior=PRIOR):
    columns = np.asarray(values, dtype=float).T
    return [sum(log(value + prior) for value in column) / len(column) for column in columns]


def drawn(count, elements=40, seed=0):
    """Tasks as real ones: wide on a log scale, alike between tasks, with dead filters."""
    rng = np.random.default_rng(seed)
    values = np.exp(3 * rng.normal(size=elements) - 10 + rng.normal(size=(count, elements)))
    values[:, :4] = 0
    return values.astype(np.float32)


def directed(pair, centre):
    """Return whether both vectors differ from the centre by more than rounding."""
    logs = np.log(pair) - centre
    return (logs.std(axis=1) > 1e-3).all()


def test_it_agrees_with_a_loop_over_floats():
    values = drawn(6)
    centre = log_centre([values[:4], values[4:]], prior_precision=PRIOR)
    np.testing.assert_allclose(centre, naive_centre(values), rtol=1e-13)
    F = with_prior(values, PRIOR)
    got = centred_distance(F[:, None], F, centre=centre)
    expected = [[oracle(a, b, naive_centre(values)) for b in F] for a in F]
    np.testing.assert_allclose(got, expected, atol=1e-12)
    assert got.max() > 1 > got[np.triu_indices(6, 1)].min()


@given(PAIRS, CENTRES)
def test_laws(pair, centre):
    assume(directed(pair, centre))
    a, b = pair
    distance = centred_distance(a, b, centre=centre)
    assert 0 <= distance <= 2
    assert distance == centred_distance(b, a, centre=centre)
    assert centred_distance(a, a, centre=centre) == 0
    assert distance == pytest.approx(oracle(a, b, centre), abs=1e-9)


@given(PAIRS, CENTRES, st.floats(1e-3, 1e3))
def test_neither_scale_nor_unit_matter(pair, centre, scale):
    assume(directed(pair, centre))
    a, b = pair
    distance = centred_distance(a, b, centre=centre)
    assert centred_distance(scale * a, b, centre=centre) == pytest.approx(distance, abs=1e-9)
    # Another unit for every element moves the mean along.
    units = np.exp(np.linspace(-1, 1, 7))
    moved = centred_distance(a * units, b * units, centre=centre + np.log(units))
    assert moved == pytest.approx(distance, abs=1e-9)


def test_the_opposite_of_a_task_is_at_2_and_so_are_any_two_by_their_own_mean():
    centre = np.array([0.5, -1.0, 2.0])
    away = np.array([1.0, -3.0, 2.0])
    a, b = np.exp(centre + away), np.exp(centre - 2 * away)
    assert centred_distance(a, b, centre=centre) == pytest.approx(2, abs=1e-15)
    values = drawn(2)
    centre = log_centre([values], prior_precision=PRIOR)
    a, b = with_prior(values, PRIOR)
    assert centred_distance(a, b, centre=centre) == pytest.approx(2, abs=1e-12)


def test_what_has_no_direction_or_no_log_has_no_distance():
    values = drawn(3)[:, 4:]
    centre = log_centre([values], prior_precision=0.0)
    assert np.isnan(centred_distance(5 * np.exp(centre), values[0], centre=centre))
    twins = log_centre([values[[0, 0, 0]]], prior_precision=0.0)
    assert np.isnan(centred_distance(values[0], values[0], centre=twins))
    one_dead = values[1].copy()
    one_dead[3] = 0
    assert np.isnan(centred_distance(one_dead, values[0], centre=centre))
    dead = log_centre([one_dead[None], values], prior_precision=0.0)
    assert np.isnan(centred_distance(values[0], values[1], centre=dead))
    quick = fast_centred(values[0], values, centre=dead, prior_precision=0.0)
    assert np.isnan(quick).all()


def test_wrong_arrays_are_refused():
    with pytest.raises(SettingError, match="same number of elements"):
        centred_distance([1.0, 2.0], [1.0, 2.0, 3.0], centre=[0.0, 0.0])
    with pytest.raises(SettingError, match="never negative"):
        centred_distance([1.0, 2.0], [1.0, -2.0], centre=[0.0, 0.0])
    with pytest.raises(SettingError, match="prior precision"):
        log_centre([drawn(2)], prior_precision=-1.0)


@pytest.mark.parametrize("elements", [7, 21_008, 200_003])
def test_quick_distances_are_off_by_less_than_they_may(elements):
    values = drawn(9, elements)
    centre = log_centre([values], prior_precision=PRIOR)
    F = with_prior(values, PRIOR)
    quick = fast_centred(values[3], values, centre=centre, prior_precision=PRIOR)
    exact = centred_distance(F[3], F, centre=centre)
    assert np.abs(quick - exact).max() < FAST_ERROR / 10
    none = fast_centred(values[3], values[:0], centre=centre, prior_precision=PRIOR)
    assert none.shape == (0,)


@pytest.mark.parametrize("spread", [1e-6, 1e-4, 0.02, 0.1])
def test_tasks_next_to_the_mean_are_told_apart_in_float64(spread):
    # Of logs this near to each other float32 leaves little but rounding.
    rng = np.random.default_rng(4)
    logs = 3 * rng.normal(size=500) - 10 + spread * rng.normal(size=(6, 500))
    values = np.exp(logs).astype(np.float32)
    centre = log_centre([values], prior_precision=PRIOR)
    F = with_prior(values, PRIOR)
    quick = fast_centred(values[0], values, centre=centre, prior_precision=PRIOR)
    assert np.abs(quick - centred_distance(F[0], F, centre=centre)).max() < FAST_ERROR


@pytest.mark.parametrize("scale", [1e1, 1e3, 1e4])
def test_tasks_of_one_shape_and_other_scale_are_told_apart(scale):
    # The mean of the logs is then large beside their spread.
    rng = np.random.default_rng(4)
    logs = rng.normal(size=9_000) - 1 + 0.06 * rng.normal(size=(8, 9_000))
    values = (np.exp(logs) * scale ** np.linspace(-1, 1, 8)[:, None]).astype(np.float32)
    centre = log_centre([values], prior_precision=PRIOR)
    F = with_prior(values, PRIOR)
    quick = fast_centred(values[0], values, centre=centre, prior_precision=PRIOR)
    assert np.abs(quick - centred_distance(F[0], F, centre=centre)).max() < FAST_ERROR / 3


def left_out(task, k):
    """The elements of a task without group k, one at a time."""
    count = len(task.replicates)
    ratios = [[float(ratio) for ratio in group] for group in task.replicates]
    return [
        float(value) * (count - ratios[k][i]) / (count - 1) + PRIOR
        for i, value in enumerate(task.values)
    ]


def naive_variance(distances):
    count, mean = len(distances), sum(distances) / len(distances)
    return (count - 1) / count * sum((d - mean) ** 2 for d in distances)


def test_the_error_agrees_with_a_naive_jackknife_over_both(embedding):
    rng = np.random.default_rng(3)
    values = drawn(4)
    query, *tasks = (
        embedding(row, replicates=draw_replicates(rng, 40, groups), prior_precision=PRIOR)
        for row, groups in zip(values, (8, 8, 5, 3), strict=True)
    )
    centre = log_centre([values], prior_precision=PRIOR)
    found = estimate_centred(query, tasks, centre=centre)
    for row, task in enumerate(tasks):
        x, y = (with_prior(each.values, PRIOR) for each in (query, task))
        by_query = [oracle(left_out(query, k), y, centre) for k in range(8)]
        by_task = [oracle(x, left_out(task, k), centre) for k in range(len(task.replicates))]
        error = sqrt(naive_variance(by_query) + naive_variance(by_task))
        assert found.distances[row] == pytest.approx(oracle(x, y, centre), abs=1e-12)
        assert found.errors[row] == pytest.approx(error, rel=1e-9)
        assert error > 0.001
    assert found.groups.tolist() == [8, 5, 3]
    assert len(estimate_centred(query, [], centre=centre)) == 0


def test_another_space_is_refused(embedding):
    a, b = (embedding([1.0, 2.0, 4.0], probe=probe) for probe in ("tiny:0123", "tiny:4567"))
    with pytest.raises(SpaceMismatchError, match="probe"):
        estimate_centred(a, [b], centre=np.zeros(3))
