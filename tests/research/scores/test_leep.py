"""LEEP against loops over its formula, its laws, and values worked by hand."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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


@settings(deadline=None)
@given(seens(), st.integers(0, 99))
def test_the_order_of_source_classes_does_not_matter(seen, seed):
    order = np.random.default_rng(seed).permutation(seen.source_logits.shape[1])
    shuffled = with_parts(seen, source_logits=seen.source_logits[:, order])
    assert leep(shuffled) == pytest.approx(leep(seen), rel=1e-12)


@settings(deadline=None)
@given(seens())
def test_a_logit_shared_by_all_source_classes_does_not_matter(seen):
    shift = np.linspace(-50, 50, len(seen.labels))[:, None]
    shifted = with_parts(seen, source_logits=seen.source_logits + shift)
    assert leep(shifted) == pytest.approx(leep(seen), rel=1e-9)


@settings(deadline=None)
@given(seens())
def test_splitting_a_source_class_in_two_equal_ones_does_not_matter(seen):
    first = seen.source_logits[:, :1] - log(2)
    split = with_parts(seen, source_logits=np.hstack([first, first, seen.source_logits[:, 1:]]))
    assert leep(split) == pytest.approx(leep(seen), rel=1e-9)


@settings(deadline=None)
@given(seens())
def test_lies_between_what_an_image_says_of_itself_and_certainty(seen):
    images, sources = seen.source_logits.shape
    assert -log(images * sources) <= leep(seen) <= 1e-12


def test_sure_source_classes_that_are_the_target_s_leave_nothing_open():
    seen = made(20, classes=4)
    sure = with_parts(seen, source_logits=1000.0 * np.eye(4)[seen.labels])
    assert leep(sure) == pytest.approx(0, abs=1e-12)


def test_source_classes_that_tell_nothing_leave_the_shares_of_the_classes():
    labels = np.array([0, 0, 0, 1])
    seen = with_parts(made(4, classes=2), labels=labels, source_logits=np.zeros((4, 7)))
    assert leep(seen) == pytest.approx(0.75 * log(0.75) + 0.25 * log(0.25))


def test_a_source_class_that_no_image_is_given_foretells_nothing():
    seen = made(12, classes=3, sources=4)
    never = np.full((12, 1), -2000.0)
    more = with_parts(seen, source_logits=np.hstack([seen.source_logits, never]))
    assert leep(more) == pytest.approx(leep(seen), rel=1e-12)


def test_absent_classes_do_not_matter():
    seen = made(12, classes=3)
    assert leep(with_parts(seen, classes=9)) == leep(seen)


def test_without_source_logits_it_says_what_it_needs():
    with pytest.raises(SettingError, match=r"expected source_logits, got None.*features alone"):
        leep(with_parts(made(), source_logits=None))
