"""What is checked before a score looks at it, and which images can be held out."""

import numpy as np
import pytest
from seen_cases import made, with_parts

from research.scores.seen import Seen
from task2vec.errors import SettingError

FEATURES = np.ones((4, 3))
LABELS = np.array([0, 1, 0, 1])


def nan_at(shape):
    numbers = np.ones(shape)
    numbers[1, 0] = np.nan
    return numbers


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"features": np.ones((3, 3))}, r"features do not fit: expected floats of shape \(4, 1"),
        ({"features": np.ones(4)}, r"features do not fit.* got float64 of shape \(4,\)"),
        ({"features": np.ones((4, 0))}, "features do not fit"),
        ({"features": np.ones((4, 3), dtype=int)}, "features do not fit.* got int64"),
        ({"features": nan_at((4, 3))}, "features are not finite"),
        ({"features": np.full((4, 3), np.inf)}, "features are not finite"),
        (
            {"source_logits": np.ones((5, 2))},
            "source_logits do not fit.* got float64 of shape .5, 2",
        ),
        ({"source_logits": np.ones((4, 0))}, "source_logits do not fit"),
        ({"source_logits": nan_at((4, 2))}, "source_logits are not finite"),
        ({"labels": LABELS[:, None]}, r"labels do not fit: expected int64 of shape \(N,\)"),
        ({"labels": LABELS.astype(float)}, "labels do not fit.* got float64"),
        ({"labels": LABELS[:1], "features": FEATURES[:1]}, "N at least 2, got int64 of shape .1,"),
        ({"labels": LABELS + 1}, "labels are out of range: expected 0 to 1, got 1 to 2"),
        ({"labels": LABELS - 1}, "labels are out of range: expected 0 to 1, got -1 to 0"),
        ({"classes": 1}, "classes is too small: expected at least 2, got 1"),
        ({"seed": -1}, "seed is too small: expected at least 0, got -1"),
    ],
)
def test_what_does_not_fit_is_refused(parts, message):
    with pytest.raises(SettingError, match=message):
        Seen(**{"features": FEATURES, "labels": LABELS, "classes": 2, **parts})


@pytest.mark.parametrize("precision", [np.float16, np.float32, np.float64])
def test_any_precision_will_do(precision):
    seen = Seen(FEATURES.astype(precision), LABELS, classes=2, source_logits=None)
    assert seen.features.dtype == precision


def test_images_alone_in_their_class_are_left_aside_and_classes_numbered_anew():
    # Class 1 has one image, class 3 none.
    labels = np.array([4, 2, 1, 0, 0, 2, 4, 4])
    seen = with_parts(made(8, classes=5), labels=labels)
    usable = seen.repeated()
    kept = [0, 1, 3, 4, 5, 6, 7]
    assert usable.labels.tolist() == [2, 1, 0, 0, 1, 2, 2]
    assert usable.labels.dtype == np.int64
    assert usable.classes == 3
    assert np.array_equal(usable.features, seen.features[kept])
    assert np.array_equal(usable.source_logits, seen.source_logits[kept])
    assert usable.seed == seen.seed
    assert with_parts(seen, source_logits=None).repeated().source_logits is None


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [0, 0, 0, 1], [0, 0, 0, 0]])
def test_one_class_that_can_be_held_out_is_not_enough(labels):
    seen = Seen(FEATURES, np.array(labels), classes=4)
    with pytest.raises(SettingError, match=r"No image can be held out.*two images.*Add images"):
        seen.repeated()
