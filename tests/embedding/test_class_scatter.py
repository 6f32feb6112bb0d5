"""The class scatter of features: what it holds, and where there is none."""

import numpy as np
import pytest

from task2vec.embedding.class_scatter import class_scatter
from task2vec.errors import InputError
from task2vec.types.scatter import MOST_DIRECTIONS, ClassScatter


def gram(part: np.ndarray) -> np.ndarray:
    found: np.ndarray = part.astype(float).T @ part.astype(float)
    return found


def test_it_is_the_scatter_of_class_means_and_of_what_is_left() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0] * 30 + [1] * 10 + [2] * 20)
    X = rng.normal(size=(60, 8)) + 2 * rng.normal(size=(3, 8))[labels]
    found = class_scatter(X, labels, classes=3)
    assert found is not None
    means = np.stack([X[labels == c].mean(axis=0) for c in range(3)])
    between = np.cov(means.T, bias=True)
    # Every class counts the same, whatever its number of images.
    within = sum(np.cov(X[labels == c].T, bias=True) for c in range(3)) / 3
    for part, wanted in ((found.between, between), (found.within, within)):
        assert gram(part) == pytest.approx(wanted / np.trace(wanted), abs=2e-3)


def test_many_classes_keep_their_principal_directions() -> None:
    rng = np.random.default_rng(1)
    spread = np.r_[np.full(8, 3.0), np.full(72, 0.1)]
    labels = np.arange(200) % 100
    X = (rng.normal(size=(100, 80)) * spread)[labels] + 0.1 * rng.normal(size=(200, 80))
    found = class_scatter(X, labels, classes=100)
    assert found is not None
    assert found.between.shape == found.within.shape == (MOST_DIRECTIONS, 80)
    kept = gram(found.between)
    assert np.trace(kept[:8, :8]) == pytest.approx(1, abs=0.02)


def test_many_images_of_few_features_are_summed_up_without_loss() -> None:
    rng = np.random.default_rng(4)
    labels = np.arange(300) % 3
    X = rng.normal(size=(300, 6)) * np.arange(1, 7) + 3 * rng.normal(size=(3, 6))[labels]
    found = class_scatter(X, labels, classes=3)
    assert found is not None
    wanted = sum(np.cov(X[labels == c].T, bias=True) for c in range(3))
    assert gram(found.within) == pytest.approx(wanted / np.trace(wanted), abs=2e-3)


@pytest.mark.parametrize(
    ("features", "labels"),
    [
        (np.eye(4), np.array([0, 1, 2, 3])),
        (np.ones((6, 4)), np.array([0, 0, 1, 1, 2, 2])),
        (np.tile(np.eye(3), (2, 1)), np.array([0, 0, 0, 1, 1, 1])),
    ],
    ids=["one image a class", "constant features", "equal means"],
)
def test_where_nothing_varies_there_is_none(features: np.ndarray, labels: np.ndarray) -> None:
    assert class_scatter(features, labels, classes=int(labels.max()) + 1) is None


def test_images_with_several_labels_have_none() -> None:
    labels = np.array([[1, 0], [1, 1], [0, 1]])
    assert class_scatter(np.random.default_rng(2).normal(size=(3, 5)), labels, classes=2) is None


def test_bytes_come_back_and_damaged_ones_are_refused() -> None:
    rng = np.random.default_rng(3)
    found = class_scatter(rng.normal(size=(20, 7)), np.arange(20) % 4, classes=4)
    assert found is not None
    data = found.to_bytes()
    again = ClassScatter.from_bytes(data)
    assert (again.between == found.between).all()
    assert (again.within == found.within).all()
    infinite = data[:12] + np.array([np.inf], "<f2").tobytes() + data[14:]
    for damaged in (b"", data[:5], data[:-2], data + b"  ", infinite, b"\xff" * 12 + data[12:]):
        with pytest.raises(InputError, match="no class scatter"):
            ClassScatter.from_bytes(damaged)


def test_a_scatter_that_is_no_unit_is_refused() -> None:
    rng = np.random.default_rng(5)
    found = class_scatter(rng.normal(size=(20, 7)), np.arange(20) % 4, classes=4)
    assert found is not None
    for factor in (0.0, 0.5, 2.0, np.nan, np.inf):
        with pytest.raises(InputError, match="norm 1"):
            ClassScatter(np.float16(factor) * found.between, found.within)
        with pytest.raises(InputError, match="norm 1"):
            ClassScatter(found.between, np.float16(factor) * found.within)
