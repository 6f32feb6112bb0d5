import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from task2vec.distance import information_distance, with_prior
from task2vec.errors import SettingError

magnitudes = st.floats(-12, 3).map(lambda exponent: 10.0**exponent)
vectors = hnp.arrays(np.float64, 6, elements=magnitudes)


def test_golden(golden, close):
    s, t, paper = golden["source"], golden["target"], golden["paper"]
    close(information_distance(source=s, target=t), paper["information_target_to_source"])
    close(information_distance(source=t, target=s), paper["information_source_to_target"])
    s, t = with_prior(s, golden["prior"]), with_prior(t, golden["prior"])
    close(
        information_distance(source=t, target=s), paper["information_with_prior_source_to_target"]
    )


@given(vectors, vectors)
def test_is_never_negative_and_adds_up_over_elements(source, target):
    total = information_distance(source=source, target=target)
    parts = information_distance(source=source[:, None], target=target[:, None])
    assert (parts >= 0).all()
    np.testing.assert_allclose(total, parts.sum(), rtol=1e-12)


@given(vectors)
def test_is_exactly_0_to_itself(values):
    assert information_distance(source=values, target=values) == 0


@given(vectors, st.integers(0, 5), st.floats(-6, 3).map(lambda exponent: 10.0**exponent))
def test_is_positive_where_one_element_differs(values, index, change):
    other = values.copy()
    other[index] *= 1 + change
    assert information_distance(source=values, target=other) > 0
    assert information_distance(source=other, target=values) > 0


@pytest.mark.parametrize("e", [1e-9, 1e-5, 1e-2])
def test_keeps_its_digits_for_near_neighbours(e):
    # r - 1 - log r = e^2/2 - e^3/3 + e^4/4 - ... with r = 1 + e.
    series = 0.5 * sum((-1) ** k * e**k / k for k in range(2, 12))
    got = information_distance(source=[3.0 * (1 + e)], target=[3.0])
    np.testing.assert_allclose(got, series, rtol=1e-6)


@pytest.mark.parametrize("exponent", [-12, -6, -1, 1, 6, 12])
def test_keeps_its_digits_for_ratios_far_from_1(exponent):
    got = information_distance(source=[10.0**exponent], target=[1.0])
    expected = 0.5 * (10.0**exponent - 1 - exponent * math.log(10))
    np.testing.assert_allclose(got, expected, rtol=1e-14)


def test_is_inf_for_a_zero_in_one_and_nan_for_a_zero_in_both():
    assert math.isinf(information_distance(source=[0.0, 1.0], target=[1.0, 1.0]))
    assert math.isinf(information_distance(source=[1.0, 1.0], target=[0.0, 1.0]))
    assert math.isnan(information_distance(source=[0.0, 1.0], target=[0.0, 1.0]))


def test_refuses_lengths_that_differ():
    with pytest.raises(SettingError, match="same number of elements"):
        information_distance(source=[1.0], target=[1.0, 2.0])
