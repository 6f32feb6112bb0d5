"""The geometries against the formulas that they are made of."""

import numpy as np
import pytest

from research.development import geometry as g
from research.development.stack import Stack
from task2vec.distance import asymmetric_distance, information_distance, symmetric_distance
from task2vec.distance.noise_correction import noiseless_distances

GROUPS, ELEMENTS = 8, 5000


def stack_of(values, *, noise=0.0, seed=0):
    """Make a stack whose parts are means of noisy groups around ``values`` (T, n)."""
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(2):
        # Gamma noise of mean 1 keeps the estimates positive.
        shape = 1 / max(noise, 1e-9) ** 2
        rough = rng.gamma(shape, 1 / shape, (len(values), GROUPS, values.shape[1]))
        parts.append((values[:, None, :] * rough).astype(np.float32))
    shares = np.full((len(values), GROUPS), 1 / GROUPS)
    a, b = (np.einsum("tk,tkn->tn", shares, part.astype(np.float64)) for part in parts)
    names = tuple(f"task{i}" for i in range(len(values)))
    return Stack(names, names, a, b, np.full_like(a, np.nan), *parts, shares, shares)


@pytest.fixture
def values():
    return np.exp(np.random.default_rng(1).normal(-10, 1.5, (4, ELEMENTS)))


def test_symmetric_and_its_relatives_are_the_distances_of_the_package(values):
    stack = stack_of(values)
    F = stack.a + 1e-6
    trivial = np.full(ELEMENTS, 1e-6)

    assert g.symmetric()(stack).aa[1, 2] == pytest.approx(symmetric_distance(F[1], F[2]))
    assert g.asymmetric(0.3)(stack).aa[1, 2] == pytest.approx(
        asymmetric_distance(source=F[1], target=F[2], trivial=trivial, alpha=0.3)
    )
    assert g.information()(stack).aa[1, 2] == pytest.approx(
        information_distance(source=F[1], target=F[2]) / ELEMENTS
    )


def test_a_constant_for_each_task_or_each_element_leaves_the_centred_cosine(values):
    tasks, elements = np.random.default_rng(2).uniform(0.5, 2, (2, 1, ELEMENTS))
    tasks = tasks[0, :4, None]
    plain = g.log_cosine(0.0, over_tasks=True)(stack_of(values))
    scaled = g.log_cosine(0.0, over_tasks=True)(stack_of(values * tasks * elements))

    assert scaled.aa == pytest.approx(plain.aa, abs=1e-6)
    without = g.log_cosine(0.0, over_tasks=False)(stack_of(values * tasks * elements))
    assert not np.allclose(without.aa, plain.aa, atol=1e-3)


def test_shapes_do_not_know_the_scale_of_a_task(values):
    scales = np.array([1, 3, 0.2, 1])[:, None]

    assert g.symmetric_of_shapes(0.0)(stack_of(values * scales)).aa == pytest.approx(
        g.symmetric_of_shapes(0.0)(stack_of(values)).aa, abs=1e-6
    )


def test_a_relative_prior_does_not_know_the_scale_of_an_element(values):
    scales = np.random.default_rng(3).uniform(0.5, 2, ELEMENTS)

    assert g.symmetric_relative(0.1)(stack_of(values * scales)).aa == pytest.approx(
        g.symmetric_relative(0.1)(stack_of(values)).aa, abs=1e-6
    )


def test_correcting_takes_the_noise_of_repeats_and_of_other_tasks_away(values):
    noisy = stack_of(values, noise=0.5)
    truth = g.symmetric(0.0)(stack_of(values))
    plain, corrected = g.symmetric(0.0)(noisy), g.corrected(0.0)(noisy)
    off = ~np.eye(len(values), dtype=bool)

    assert plain.repeat.mean() > 0.01
    assert abs(corrected.repeat.mean()) < 0.1 * plain.repeat.mean()
    error, uncorrected = ((d.aa - truth.aa)[off].mean() for d in (corrected, plain))
    assert abs(error) < 0.3 * abs(uncorrected)


def test_the_distance_without_noise_is_that_of_the_package(values):
    stack = stack_of(values, noise=0.5)
    found = g.noiseless()(stack)

    def between(one, other):
        return noiseless_distances(one, [other], prior_precision=1e-6).distances[0]

    assert found.aa[1, 2] == between(stack.replicates_a[1], stack.replicates_a[2])
    assert found.repeat[3] == between(stack.replicates_a[3], stack.replicates_b[3])
    assert np.isnan(found.signs).all()
