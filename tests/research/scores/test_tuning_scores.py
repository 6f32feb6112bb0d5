"""What is true of the scores tried on fine-tuned outcomes, and values against slow definitions."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.stats import multivariate_normal, pearsonr
from seen_cases import made, rotation, seens, with_parts
from sklearn.covariance import ledoit_wolf

from research.scores.alignment import label_correlation
from research.scores.h_score import h_score
from research.scores.leep import Leep
from research.scores.names import TuningScoreName
from research.scores.nleep import clusters
from research.scores.score import TUNING_SCORES
from research.scores.sfda import log_posteriors, sfda, shrinkage_of
from research.scores.training_time import REACHED, log_time
from research.scores.transrate import DISTORTION, transrate
from task2vec.errors import SettingError

GRADIENTS = [TuningScoreName.LABEL_GRADIENT, TuningScoreName.TRAINING_TIME]
# The first clusters are drawn over the images in their order.
ORDERLESS = [name for name in TuningScoreName if name is not TuningScoreName.NLEEP]
# Its shrinkage depends on the scale, in the paper too.
SCALELESS = [name for name in TuningScoreName if name is not TuningScoreName.SFDA]


def of(name, seen):
    return TUNING_SCORES[name](seen)


def test_every_name_has_its_score():
    assert list(TUNING_SCORES) == list(TuningScoreName)
    assert all(score.name is name for name, score in TUNING_SCORES.items())


@settings(deadline=None, max_examples=25)
@given(seens(), st.integers(0, 99))
def test_the_order_of_the_images_does_not_matter(seen, seed):
    order = np.random.default_rng(seed).permutation(len(seen.labels))
    shuffled = with_parts(
        seen,
        features=seen.features[order],
        labels=seen.labels[order],
        source_logits=None,
        gradients=seen.gradients[order],
    )
    for name in ORDERLESS:
        assert of(name, shuffled) == pytest.approx(of(name, seen), rel=1e-5, abs=1e-6)


@settings(deadline=None, max_examples=25)
@given(seens(), st.integers(0, 99))
def test_the_names_of_the_classes_do_not_matter(seen, seed):
    names = np.random.default_rng(seed).permutation(seen.classes)
    for name in TuningScoreName:
        other = of(name, with_parts(seen, labels=names[seen.labels]))
        assert other == pytest.approx(of(name, seen), rel=1e-5, abs=1e-6)


@settings(deadline=None, max_examples=25)
@given(seens(), st.sampled_from([1e-3, 7.0, 1e4]))
def test_the_scale_of_features_and_gradients_does_not_matter(seen, scale):
    scaled = with_parts(seen, features=scale * seen.features, gradients=scale * seen.gradients)
    for name in SCALELESS:
        assert of(name, scaled) == pytest.approx(of(name, seen), rel=1e-4, abs=1e-5)


@settings(deadline=None, max_examples=25)
@given(seens(), st.integers(0, 99))
def test_a_rotation_of_the_features_does_not_matter(seen, seed):
    width = seen.features.shape[1]
    turned = with_parts(seen, features=seen.features @ rotation(width, seed=seed))
    for name in ORDERLESS:
        assert of(name, turned) == pytest.approx(of(name, seen), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", TuningScoreName)
def test_classes_that_are_shown_score_higher_than_random_labels(name):
    """With more images than features: otherwise some of them are blind, see below."""
    rng = np.random.default_rng(5)
    better, worse = [], []
    for seed in range(4):
        seen = made(90, 8, 5, signal=1.0, seed=seed)
        # More directions than images, or the loss stays high for ever.
        hidden = np.maximum(seen.features @ rng.normal(size=(8, 300)), 0)
        seen = with_parts(seen, gradients=hidden)
        better.append(of(name, seen))
        worse.append(of(name, with_parts(seen, labels=rng.permutation(seen.labels))))
    assert np.mean(better) > np.mean(worse) + 0.02


@pytest.mark.parametrize("signal", [0.0, 2.0])
def test_without_shrinkage_the_h_score_is_blind_where_features_outnumber_images(signal):
    seen = made(30, 100, 4, signal=signal)
    assert of(TuningScoreName.H_SCORE, seen) == pytest.approx(3)


@pytest.mark.parametrize("name", GRADIENTS)
def test_without_gradients_it_says_what_it_needs(name):
    with pytest.raises(SettingError, match=r"expected gradients, got None.*features alone"):
        of(name, with_parts(made(), gradients=None))


@pytest.mark.parametrize("precision", [np.float16, np.float32])
@pytest.mark.parametrize("name", TuningScoreName)
def test_features_of_any_precision_are_looked_at_in_full(name, precision):
    seen = made(30, 40, 3, signal=0.5)
    rounded = with_parts(
        seen,
        features=seen.features.astype(precision),
        gradients=(seen.gradients / 10).astype(precision),
    )
    exact = with_parts(
        rounded,
        features=rounded.features.astype(np.float64),
        gradients=rounded.gradients.astype(np.float64),
    )
    assert of(name, rounded) == of(name, exact)


EDGES = {
    "one image in a class": lambda s: {"labels": np.where(np.arange(12) == 4, 2, s.labels % 2)},
    "an absent class": lambda s: {"labels": s.labels % 2},
    "a single class": lambda s: {"labels": 0 * s.labels},
    "constant": lambda s: {"features": np.full((12, 6), 0.7), "gradients": np.full((12, 9), 0.7)},
    "nothing": lambda s: {"features": np.zeros((12, 6)), "gradients": np.zeros((12, 9))},
    "pairs of equal images": lambda s: {"features": np.repeat(s.features[:6], 2, axis=0)},
    "classes of equal images": lambda s: {"features": np.eye(6)[s.labels]},
    "one feature": lambda s: {"features": s.features[:, :1], "gradients": s.features[:, :1]},
    "tiny": lambda s: {"features": 1e-30 * s.features, "gradients": 1e-30 * s.gradients},
    "huge": lambda s: {"features": 1e30 * s.features, "gradients": 1e30 * s.gradients},
}


@pytest.mark.parametrize("case", EDGES)
@pytest.mark.parametrize("name", TuningScoreName)
def test_something_finite_is_said_at_the_edges(name, case):
    seen = made(12, 6, 3)
    assert np.isfinite(of(name, with_parts(seen, **EDGES[case](seen))))


@settings(deadline=None, max_examples=25)
@given(seens(), st.sampled_from([0.01, 0.3]))
def test_the_h_score_is_the_trace_of_its_definition(seen, shrinkage):
    X, y = seen.features, seen.labels
    means = np.array([X[y == label].mean(axis=0) for label in y])
    S, B = (np.atleast_2d(np.cov(each.T, bias=True)) for each in (X, means))
    shrunk = (1 - shrinkage) * S + shrinkage * np.trace(S) / len(S) * np.eye(len(S))
    slow = (1 - shrinkage) * np.trace(np.linalg.solve(shrunk, B))
    assert h_score(X, y, shrinkage=shrinkage) == pytest.approx(slow, rel=1e-8)


def test_the_h_score_is_shrunk_by_ledoit_and_wolf():
    seen = made(40, 12, 3)
    shrinkage = ledoit_wolf(seen.features)[1]
    found = of(TuningScoreName.SHRUNK_H_SCORE, seen)
    assert found == pytest.approx(h_score(seen.features, seen.labels, shrinkage=shrinkage))
    assert 0 < found < of(TuningScoreName.H_SCORE, seen) < seen.classes - 1


@settings(deadline=None, max_examples=25)
@given(seens())
def test_transrate_is_the_difference_of_log_determinants(seen):
    X, y = seen.features, seen.labels
    Z = X - X.mean(axis=0)
    Z /= np.sqrt((Z**2).sum() / len(Z))

    def rate(Z):
        scatter = Z.T @ Z / (len(Z) * DISTORTION)
        return np.linalg.slogdet(np.eye(Z.shape[1]) + scatter)[1] / 2

    slow = rate(Z) - sum(np.mean(y == c) * rate(Z[y == c]) for c in np.unique(y))
    assert transrate(X, y) == pytest.approx(slow, rel=1e-6, abs=1e-8)


def test_nleep_is_leep_of_the_clusters():
    seen = made(60, 6, 3, signal=1.0)
    theta = clusters(seen)
    assert theta.shape == (60, 15)
    assert theta.sum(axis=1) == pytest.approx(1)
    logits = with_parts(seen, source_logits=np.log(np.maximum(theta, 1e-300)))
    assert of(TuningScoreName.NLEEP, seen) == pytest.approx(Leep()(logits))


def test_nleep_has_no_more_clusters_than_half_of_the_images():
    assert clusters(made(20, 6, 4)).shape == (20, 10)


def by_densities(X, y, *, shrinkage):
    """Return (N, C) the posteriors of Gaussians of one covariance, by their densities."""
    labels = np.unique(y)
    inside = np.concatenate([X[y == c] - X[y == c].mean(axis=0) for c in labels])
    W = inside.T @ inside / len(X)
    W = (1 - shrinkage) * W + shrinkage * np.trace(W) / len(W) * np.eye(len(W))
    densities = [np.mean(y == c) * multivariate_normal(X[y == c].mean(0), W).pdf(X) for c in labels]
    return (np.array(densities) / np.sum(densities, axis=0)).T


@pytest.mark.parametrize("signal", [0.3, 1.0])
def test_sfda_judges_harder_images_by_bayes_rule(signal):
    seen = made(60, 5, 3, signal=signal, scale=0.4)
    X, y = seen.features, seen.labels
    largest = np.linalg.eigvalsh(
        sum(np.mean(y == c) * np.cov(X[y == c].T, bias=True) for c in range(3))
    )[-1]
    shrinkage = np.exp(-5 * largest)
    assert shrinkage_of(X, y) == pytest.approx(shrinkage)
    first = by_densities(X, y, shrinkage=shrinkage)
    found = log_posteriors(X, y, width=5, shrinkage=shrinkage)
    assert np.exp(found) == pytest.approx(first, abs=1e-9)
    harder = np.empty_like(X)
    for i in range(60):
        q = np.exp(first[i, y[i]]) / np.exp(first[i]).sum()
        others = np.mean([X[y == c].mean(axis=0) for c in range(3) if c != y[i]], axis=0)
        harder[i] = q * X[i] + (1 - q) * others
    last = by_densities(harder, y, shrinkage=shrinkage)
    assert sfda(X, y) == pytest.approx(np.log(last[np.arange(60), y]).mean(), rel=1e-8)


@settings(deadline=None, max_examples=25)
@given(seens())
def test_label_correlations_are_those_of_pairs(seen):
    X, y = seen.features, seen.labels
    pairs = [(X[i] @ X[j], 2.0 * (y[i] == y[j]) - 1) for i in range(len(y)) for j in range(len(y))]
    slow = pearsonr(*zip(*pairs, strict=True)).statistic
    assert label_correlation(X, y) == pytest.approx(slow, rel=1e-6, abs=1e-8)


def test_one_hot_vectors_of_the_classes_correlate_perfectly():
    seen = made(20, 6, 4)
    assert label_correlation(3 * np.eye(4)[seen.labels], seen.labels) == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_training_takes_as_long_as_the_flow_says(seed):
    seen = made(14, 20, 3, signal=0.5, seed=seed)
    G, y = seen.gradients, seen.labels
    G = G - G.mean(axis=0)
    K = G @ G.T
    K *= (len(y) - 1) / np.trace(K)
    Y = np.eye(3)[y] - np.eye(3)[y].mean(axis=0)

    def flow(_, f):
        return (K @ (Y - f.reshape(Y.shape))).ravel()

    found = np.exp(log_time(G, y))
    end = solve_ivp(flow, (0, found), np.zeros(Y.size), rtol=1e-9, atol=1e-11).y[:, -1]
    assert ((Y - end.reshape(Y.shape)) ** 2).sum() / (Y**2).sum() == pytest.approx(
        REACHED, rel=1e-4
    )


def test_labels_along_the_first_eigenvectors_are_learnt_soonest():
    """Of a kernel with axes a, b, c of falling eigenvalues, the labels of a take least time."""
    axes = np.linalg.qr(
        np.column_stack([np.ones(8), [1] * 4 + [-1] * 4, [1, 1, -1, -1] * 2, [1, -1] * 4])
    )[0][:, 1:]
    gradients = axes * [3.0, 2.0, 1.0]
    times = [log_time(gradients, (axis > 0).astype(np.int64)) for axis in axes.T]
    assert times[0] < times[1] < times[2]
    # One eigenvalue decides: the loss falls as exp(-2 l t), and the mean of 7 eigenvalues is 1.
    for (time, size), (other, bigger) in combinations(zip(times, [9, 4, 1], strict=True), 2):
        assert other - time == pytest.approx(np.log(size / bigger))
    assert times[0] == pytest.approx(np.log(np.log(1 / REACHED) / 2 * 14 / 9 / 7))
