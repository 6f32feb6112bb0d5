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


def test_the_seed_draws_the_folds():
    found = [
        probe.accuracy(with_parts(made(60, 5, 3, signal=0.5), seed=seed)).correct
        for seed in range(4)
    ]
    assert any(not np.array_equal(found[0], other) for other in found[1:])


def test_answers_for_the_images_that_can_be_held_out():
    labels = np.array([0, 2, 4, 1, 0, 2, 4, 0, 2, 4, 0, 2, 4])
    seen = with_parts(made(13, classes=5), features=5.0 * np.eye(5)[labels], labels=labels)
    expected = cross_validate(seen.features, labels, classes=5)
    assert np.array_equal(probe.accuracy(seen).correct, expected.correct)
    assert len(expected.correct) == len(seen.repeated().labels) == 12
