"""The linear probe as a score is the linear probe."""

import numpy as np
import pytest
from seen_cases import made, with_parts

from research.scores.linear_probe import LinearProbe
from task2vec.recommendation.measure.linear_probe import cross_validate

probe = LinearProbe()


@pytest.mark.parametrize("seed", [0, 4])
def test_is_the_cross_validated_head(seed):
    seen = with_parts(made(60, 5, 3, signal=0.5), seed=seed)
    expected = cross_validate(seen.features, seen.labels, classes=3, seed=seed)
    assert np.array_equal(probe.accuracy(seen).correct, expected.correct)
    assert 0.2 < probe(seen) == expected.accuracy < 1
