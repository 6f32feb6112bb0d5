"""Layouts by landmarks, against plane figures whose distances are known."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from task2vec.plots.landmarks import fit_terms, lay_out_landmarks, misfit, place, turned_onto


def plane(count, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 2)) * [0.3, 0.1]


def lengths(a, b):
    return cdist(a, b).astype(np.float32)


def test_a_plane_figure_is_found_again():
    truth = plane(40)
    distances = cdist(truth, truth)
    found = lay_out_landmarks(distances)
    np.testing.assert_allclose(cdist(found, found), distances, atol=0.01 * distances.max())
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_landmarks_are_laid_out_as_far_apart_as_they_are(count):
    distances = cdist(plane(count), plane(count))
    found = lay_out_landmarks(distances)
    assert found.shape == (count, 2)
    np.testing.assert_allclose(cdist(found, found), distances, atol=1e-3)


def test_different_landmarks_at_one_spot_are_parted():
    distances = 1.0 - np.eye(5)
    found = cdist(lay_out_landmarks(distances), lay_out_landmarks(distances))
    assert found[~np.eye(5, dtype=bool)].min() > 0.3
    assert not lay_out_landmarks(np.zeros((5, 5))).any()


def test_others_are_placed_where_their_distances_say():
    landmarks, others = plane(30), plane(700, seed=1)
    found = place(lengths(others, landmarks), landmarks)
    errors = np.linalg.norm(found - others, axis=1)
    # Those far outside, where the figure is flat, come near their place slowly.
    assert np.quantile(errors, 0.95) < 0.01
    assert errors.max() < 0.3
    # Whoever else is placed does not matter.
    few = place(lengths(others[:3], landmarks), landmarks)
    np.testing.assert_allclose(few, found[:3], rtol=0, atol=1e-12)


def test_the_misfit_is_that_of_the_definition():
    landmarks, others = plane(8), plane(20, seed=1)
    wanted = np.random.default_rng(2).random((20, 8)).astype(np.float32)
    found = cdist(others, landmarks)
    scales = np.linspace(0, 5, 50_001)
    residuals = [np.linalg.norm(wanted - scale * found) for scale in scales]
    expected = min(residuals) / np.linalg.norm(wanted)
    assert misfit(fit_terms(wanted, others, landmarks)) == pytest.approx(expected, rel=1e-4)
    exact = fit_terms(found.astype(np.float32), others, landmarks)
    assert misfit(exact) == pytest.approx(0, abs=1e-3)
    assert misfit(np.zeros((0, 3))) == 0


@pytest.mark.parametrize("mirrored", [1, -1])
def test_a_figure_is_turned_as_another(mirrored):
    truth = plane(12)
    turn = np.array([[np.cos(2), -np.sin(2)], [np.sin(2), np.cos(2)]]) * [1, mirrored]
    np.testing.assert_allclose((truth @ turn) @ turned_onto(truth @ turn, truth), truth, atol=1e-12)
