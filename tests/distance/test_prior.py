import math

import numpy as np
import pytest

from task2vec.distance import trivial_embedding, with_prior
from task2vec.errors import SettingError


def test_the_prior_is_added_in_double_precision():
    values = np.float32([1.0, 0.0])
    np.testing.assert_array_equal(with_prior(values, 1e-12), [1 + 1e-12, 1e-12])
    np.testing.assert_array_equal(values, [1.0, 0.0])


def test_the_trivial_embedding_is_the_prior_alone():
    np.testing.assert_array_equal(trivial_embedding(3, 0.5), [0.5, 0.5, 0.5])


@pytest.mark.parametrize("prior", [-1e-9, math.nan, math.inf])
def test_refuses_a_prior_that_is_no_precision(prior):
    with pytest.raises(SettingError, match="prior precision"):
        with_prior([1.0], prior)
