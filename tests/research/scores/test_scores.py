"""What is true of every forward-pass score, found by name."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seen_cases import made, seens, with_parts

from research.scores.score import ACCURACY_SCORES, SCORES, ScoreName
from task2vec.errors import SettingError

HOLD_OUT = [ScoreName.RIDGE, ScoreName.NEAREST_IMAGES, ScoreName.LINEAR_PROBE]
# The folds of the linear probe are drawn over the images in their order.
ORDERLESS = [name for name in ScoreName if name is not ScoreName.LINEAR_PROBE]


def test_every_name_has_its_score():
    assert list(SCORES) == list(ScoreName)
    assert all(score.name is name for name, score in SCORES.items())
    assert list(ACCURACY_SCORES) == HOLD_OUT
    assert all(SCORES[name] is score for name, score in ACCURACY_SCORES.items())


@settings(deadline=None, max_examples=30)
@given(seens(), st.integers(0, 99))
def test_the_order_of_the_images_does_not_matter(seen, seed):
    order = np.random.default_rng(seed).permutation(len(seen.labels))
    shuffled = with_parts(
        seen,
        features=seen.features[order],
        labels=seen.labels[order],
        source_logits=seen.source_logits[order],
    )
    for name in ORDERLESS:
        assert SCORES[name](shuffled) == pytest.approx(SCORES[name](seen), rel=1e-6, abs=1e-8)
        if name in HOLD_OUT:
            score = ACCURACY_SCORES[name]
            assert np.array_equal(
                score.accuracy(shuffled).correct, score.accuracy(seen).correct[order]
            )


@pytest.mark.parametrize("precision", [np.float16, np.float32])
@pytest.mark.parametrize("name", ScoreName)
def test_features_of_any_precision_are_looked_at_in_full(name, precision):
    seen = made(30, 40, 3, signal=0.5)
    rounded = with_parts(seen, features=seen.features.astype(precision))
    exact = with_parts(seen, features=rounded.features.astype(np.float64))
    assert SCORES[name](rounded) == SCORES[name](exact)


@pytest.mark.parametrize("name", ScoreName)
def test_what_was_seen_is_left_as_it_was(name):
    seen = made(30, 4, 3)
    for array in (seen.features, seen.labels, seen.source_logits):
        array.setflags(write=False)
    assert SCORES[name](seen) == SCORES[name](seen)


@pytest.mark.parametrize(("images", "width"), [(60, 8), (30, 300)])
@pytest.mark.parametrize("name", ScoreName)
def test_features_that_show_the_classes_score_higher_than_noise(name, images, width):
    better, worse = (
        np.mean([SCORES[name](made(images, width, 5, 9, signal=signal, seed=s)) for s in range(4)])
        for signal in (2.0, 0.0)
    )
    assert better > worse


def edge(case):
    seen = made(12, 6, 3)
    alone = np.where(np.arange(12) == 4, 2, seen.labels % 2)
    return {
        "one image in a class": with_parts(seen, labels=alone),
        "an absent class": with_parts(seen, labels=seen.labels % 2),
        "constant features": with_parts(seen, features=np.full((12, 6), 0.7)),
        "no features": with_parts(seen, features=np.zeros((12, 6))),
        "pairs of equal images": with_parts(seen, features=np.repeat(seen.features[:6], 2, axis=0)),
        "one feature": with_parts(seen, features=seen.features[:, :1]),
        "two constant logits": with_parts(seen, source_logits=np.zeros((12, 2))),
        "one source class": with_parts(seen, source_logits=seen.source_logits[:, :1]),
        "tiny numbers": with_parts(seen, features=1e-30 * seen.features),
        "huge numbers": with_parts(seen, features=1e30 * seen.features),
    }[case]


EDGES = [
    *("one image in a class", "an absent class", "constant features", "no features"),
    *("pairs of equal images", "one feature", "two constant logits", "one source class"),
]
# But for the linear probe, whose penalty is absolute: its features must be of order 1.
SCALES = ["tiny numbers", "huge numbers"]


@pytest.mark.parametrize(
    ("name", "case"), [*product(ScoreName, EDGES), *product(ORDERLESS, SCALES)]
)
def test_something_finite_is_said_at_the_edges(name, case):
    assert np.isfinite(SCORES[name](edge(case)))


@pytest.mark.parametrize("case", EDGES)
def test_all_accuracies_are_of_the_same_images(case):
    seen = edge(case)
    lengths = {len(score.accuracy(seen).correct) for score in ACCURACY_SCORES.values()}
    assert lengths == {len(seen.repeated().labels)}


@pytest.mark.parametrize("width", [1, 3])
def test_two_images_are_enough_for_leep_and_logme_alone(width):
    seen = made(2, width, 2)
    for name in ScoreName:
        if name in HOLD_OUT:
            with pytest.raises(SettingError, match="No image can be held out"):
                SCORES[name](seen)
            with pytest.raises(SettingError, match="No image can be held out"):
                ACCURACY_SCORES[name].accuracy(seen)
        else:
            assert np.isfinite(SCORES[name](seen))


def test_a_single_class_is_judged_by_leep_and_logme():
    seen = with_parts(made(6), labels=np.zeros(6, dtype=np.int64))
    assert SCORES[ScoreName.LEEP](seen) == pytest.approx(0)
    assert np.isfinite(SCORES[ScoreName.LOGME](seen))
