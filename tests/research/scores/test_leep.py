"""LEEP against loops over its formula, its laws, and values worked by hand."""

from math import exp, log

import pytest
from hypothesis import given, settings
from seen_cases import made, seens, with_parts

from research.scores.leep import Leep
from task2vec.errors import SettingError

leep = Leep()


def by_loops(seen):
    images, sources = seen.source_logits.shape
    theta = []
    for row in seen.source_logits:
        odds = [exp(z - max(row)) for z in row]
        theta.append([o / sum(odds) for o in odds])
    total = 0.0
    for i in range(images):
        expected = 0.0
        for z in range(sources):
            joint = sum(theta[j][z] for j in range(images) if seen.labels[j] == seen.labels[i])
            marginal = sum(theta[j][z] for j in range(images))
            expected += joint / marginal * theta[i][z]
        total += log(expected)
    return total / images


@settings(deadline=None)
@given(seens())
def test_agrees_with_loops_over_the_formula(seen):
    assert leep(seen) == pytest.approx(by_loops(seen), rel=1e-12)


def test_without_source_logits_it_says_what_it_needs():
    with pytest.raises(SettingError, match=r"expected source_logits, got None.*features alone"):
        leep(with_parts(made(), source_logits=None))
