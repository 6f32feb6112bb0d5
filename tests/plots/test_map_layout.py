import sys
from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from task2vec.errors import InputError, MissingExtraError
from task2vec.messages.catalogue import MapMethod
from task2vec.plots.layout import lay_out, stress

Array = NDArray[np.float64]

methods = pytest.mark.parametrize("method", MapMethod)


@pytest.fixture(scope="module", autouse=True)
def uncompiled() -> Iterator[None]:
    """Import UMAP as plain Python: to compile it takes longer than to lay out the few points."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("numba.config.DISABLE_JIT", True)
        lay_out(1.0 - np.eye(5), method=MapMethod.UMAP, seed=0)
        yield


def lengths(points: Array) -> Array:
    return np.array([[float(np.hypot(*(a - b))) for b in points] for a in points])


def families(*, members: int, seed: int = 0) -> tuple[Array, Array]:
    """Distances in 10 dimensions between three far families, and the family of each point."""
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(3), members)
    points = 5 * np.eye(10)[family] + rng.normal(scale=0.3, size=(len(family), 10))
    return np.linalg.norm(points[:, None] - points[None], axis=-1), family


@given(st.integers(2, 25), st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
@settings(max_examples=40, deadline=None)
def test_mds_finds_a_planted_plane(count: int, seed: int, scale: float) -> None:
    planted = np.random.default_rng(seed).normal(scale=scale, size=(count, 2))
    distances = lengths(planted)
    found = lay_out(distances, method=MapMethod.MDS, seed=0)
    # Equal lengths are equal configurations up to turning, mirroring and shifting.
    np.testing.assert_allclose(lengths(found), distances, rtol=0, atol=1e-6 * scale)
    assert stress(distances, found) < 1e-6


@methods
@pytest.mark.parametrize(("members", "seed"), [(2, 0), (2, 9), (4, 0), (6, 0)])
def test_families_lie_apart(method: MapMethod, members: int, seed: int) -> None:
    distances, family = families(members=members, seed=seed)
    found = lengths(lay_out(distances, method=method, seed=0))
    same = family[:, None] == family[None]
    np.fill_diagonal(found, np.inf)
    assert np.array_equal(family[found.argmin(axis=1)], family)
    if method is MapMethod.MDS:
        np.fill_diagonal(found, 0)
        assert found[same].max() < found[~same].min()


# From 200 on, t-SNE approximates.
@pytest.mark.parametrize(
    ("method", "count"),
    [*product(MapMethod, [1, 2, 3, 4, 5, 16]), (MapMethod.MDS, 200), (MapMethod.TSNE, 200)],
)
def test_any_number_of_points(method: MapMethod, count: int) -> None:
    points = np.random.default_rng(count).normal(size=(count, 6))
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    found = lay_out(distances, method=method, seed=0)
    assert found.shape == (count, 2)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)
    assert stress(distances, found) < 0.55


def test_two_points_lie_their_distance_apart_on_the_first_axis() -> None:
    found = lay_out(np.array([[0, 0.4], [0.4, 0]]), method=MapMethod.UMAP, seed=0)
    np.testing.assert_allclose(found, [[-0.2, 0], [0.2, 0]], atol=1e-12)


@methods
def test_the_same_distances_and_seed_give_the_same_positions(method: MapMethod) -> None:
    distances, _ = families(members=3)
    first = lay_out(distances, method=method, seed=3)
    assert first.tobytes() == lay_out(distances.copy(), method=method, seed=3).tobytes()


def test_the_orientation_does_not_depend_on_the_order_of_the_tasks() -> None:
    planted = np.random.default_rng(5).normal(size=(12, 2)) ** 2 * (3, 1)
    order = np.random.default_rng(6).permutation(12)
    found = lay_out(lengths(planted), method=MapMethod.MDS, seed=0)
    other = lay_out(lengths(planted[order]), method=MapMethod.MDS, seed=0)
    np.testing.assert_allclose(other, found[order], atol=1e-8)
    # The first axis is the long one, and each points to its longer tail.
    assert found[:, 0].std() > found[:, 1].std()
    assert ((found**3).sum(axis=0) > 0).all()
    np.testing.assert_allclose(found[:, 0] @ found[:, 1], 0, atol=1e-8)


@methods
def test_coincident_tasks_and_equal_distances(method: MapMethod) -> None:
    assert not lay_out(np.zeros((6, 6)), method=method, seed=0).any()
    equal = 1.0 - np.eye(8)
    found = lengths(lay_out(equal, method=method, seed=0))
    assert found[~np.eye(8, dtype=bool)].min() > 0.05


@methods
def test_lengths_are_in_units_of_distance(method: MapMethod) -> None:
    distances, _ = families(members=5)
    found = lengths(lay_out(distances, method=method, seed=0))
    # At the best scale the residual is orthogonal to the lengths.
    np.testing.assert_allclose(((distances - found) * found).sum(), 0, atol=1e-8)


@given(st.integers(2, 9), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_stress_is_the_least_relative_residual_over_scales(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    wanted, positions = lengths(rng.normal(size=(count, 5))[:, :2]), rng.normal(size=(count, 2))
    wanted = wanted + 0.3 * (1 - np.eye(count))
    got = lengths(positions)

    def residual(scale: float) -> float:
        total = norm = 0.0
        for i in range(count):
            for j in range(i):
                total += (wanted[i, j] - scale * got[i, j]) ** 2
                norm += wanted[i, j] ** 2
        return total / norm

    slow = minimize_scalar(residual).fun ** 0.5
    assert stress(wanted, positions) == pytest.approx(slow, abs=1e-6)
    assert stress(7 * wanted, positions * 0.1) == pytest.approx(slow, abs=1e-6)


def test_stress_of_layouts_that_say_nothing() -> None:
    assert stress(1 - np.eye(3), np.zeros((3, 2))) == 1
    assert stress(np.zeros((3, 3)), np.zeros((3, 2))) == 0


@pytest.mark.parametrize(
    ("distances", "said"),
    [
        (np.zeros((0, 0)), "at least one task"),
        (np.zeros((2, 3)), "square"),
        (np.array([[0, np.nan], [np.nan, 0]]), "finite"),
        (np.array([[0.0, -1], [-1, 0]]), "non-negative"),
        (np.array([[0.0, 1], [2, 0]]), "symmetric"),
        (np.array([[1.0, 1], [1, 1]]), "diagonal"),
    ],
)
def test_unusable_distances(distances: Array, said: str) -> None:
    with pytest.raises(InputError, match=said):
        lay_out(distances, method=MapMethod.MDS, seed=0)


def test_rounding_is_no_asymmetry() -> None:
    exact, _ = families(members=4)
    rounded = exact + np.random.default_rng(0).uniform(-1e-7, 1e-7, size=exact.shape)
    found = lay_out(rounded, method=MapMethod.MDS, seed=0)
    np.testing.assert_allclose(
        found, lay_out(exact, method=MapMethod.MDS, seed=0), rtol=0, atol=1e-4
    )


def test_umap_missing_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    # None in its place is what a package that is not there looks like.
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'task2vec\[umap\]'"):
        lay_out(1.0 - np.eye(5), method=MapMethod.UMAP, seed=0)
