"""Scatter overlaps and agreements: laws, and tasks of the same images that ask another question."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from task2vec.distance.scatter import compare_scatters, of_one_network
from task2vec.embedding.class_scatter import class_scatter
from task2vec.errors import SettingError
from task2vec.types.scatter import ClassScatter


def images(seed: int, *, features: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (120, D) features of images with two properties, of 4 and 3 values, and both."""
    rng = np.random.default_rng(seed)
    world = np.random.default_rng(0)
    letters = world.normal(size=(4, features)) * 3
    styles = world.normal(size=(3, features))
    letter, style = (rng.permutation(np.repeat(np.arange(n), 120 // n)) for n in (4, 3))
    noise = rng.normal(size=(120, features)) * 0.3
    return letters[letter] + styles[style] + noise, letter, style


def of(labels: np.ndarray, features: np.ndarray) -> ClassScatter:
    found = class_scatter(features, labels, classes=int(labels.max()) + 1)
    assert found is not None
    return found


def dense(scatter: ClassScatter) -> tuple[np.ndarray, np.ndarray]:
    b, w = (part.astype(float) for part in (scatter.between, scatter.within))
    return b.T @ b, w.T @ w


def test_the_same_question_agrees_and_another_of_the_same_images_does_not() -> None:
    X, letter, style = images(1)
    Y, other_letter, other_style = images(2)
    scatters = [of(letter, X), of(style, X), of(other_letter, Y), of(other_style, Y)]
    found = compare_scatters(scatters)
    overlaps, agreements = found.overlap, found.agreement
    for same, other in ((2, 3), (3, 2)):
        row = same - 2
        assert overlaps[row, same] > 0.9
        assert overlaps[row, other] < 0.5
        assert agreements[row, same] > 0.9
        assert agreements[row, other] < -0.9


def test_they_are_the_inner_products_of_the_scatter_matrices() -> None:

    def inner(A: np.ndarray, B: np.ndarray) -> float:
        return float(np.trace(A @ B))

    X, letter, style = images(3)
    a, b = of(letter, X), of(style, X[::-1])
    (Ba, Wa), (Bb, Wb) = dense(a), dense(b)
    cosine = inner(Ba, Bb) / np.sqrt(inner(Ba, Ba) * inner(Bb, Bb))
    odds = inner(Ba, Bb) * inner(Wa, Wb) / (inner(Ba, Wb) * inner(Wa, Bb))
    assert compare_scatters([a, b]).overlap[0, 1] == pytest.approx(cosine, rel=1e-4)
    assert compare_scatters([a, b]).agreement[0, 1] == pytest.approx(
        np.tanh(np.log(odds)), rel=1e-3
    )


def test_many_of_unequal_ranks_are_compared_as_two_are() -> None:
    rng = np.random.default_rng(8)
    scatters: list[ClassScatter | None] = []
    for _ in range(37):
        parts = [rng.normal(size=(rng.integers(1, 33), 48)) for _ in range(2)]
        factors = [np.float16(part / np.linalg.norm(part)) for part in parts]
        scatters.append(ClassScatter(*factors))
    B, W = (np.stack(each) for each in zip(*(dense(s) for s in scatters if s), strict=True))
    same, left, across = (np.einsum("sij,tij->st", *pair) for pair in ((B, B), (W, W), (B, W)))
    norms = np.sqrt(np.diagonal(same))
    odds = same * left / (across * across.T)
    agreements = np.zeros((39, 39))
    agreements[np.ix_(known := [*range(20), *range(21, 38)], known)] = np.tanh(np.log(odds))
    found = compare_scatters([*scatters[:20], None, *scatters[20:], None])
    np.testing.assert_allclose(found.agreement, agreements, atol=1e-5)
    sources = rng.random(39) < 0.3
    some = compare_scatters([*scatters[:20], None, *scatters[20:], None], sources=sources)
    asked = sources[:, None] | sources
    np.testing.assert_allclose(some.agreement, np.where(asked, agreements, 0), atol=1e-5)
    np.testing.assert_array_equal(some.overlap, found.overlap)
    np.testing.assert_allclose(
        found.overlap[np.ix_(known, known)], same / np.outer(norms, norms), atol=1e-5
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(0, 3))
def test_overlaps_are_a_kernel_with_or_without_tasks_of_which_nothing_is_known(
    seed: int, known: int, unknown: int
) -> None:
    rng = np.random.default_rng(seed)
    scatters: list[ClassScatter | None] = [
        of(rng.permutation(np.arange(20) % 4), rng.normal(size=(20, 6))) for _ in range(known)
    ]
    scatters += [None] * unknown
    found = compare_scatters(scatters)
    overlaps, agreements = found.overlap, found.agreement
    assert np.linalg.eigvalsh(overlaps).min() > -1e-6
    assert np.allclose(np.diagonal(overlaps), 1)
    for found, low in ((overlaps, 0), (agreements, -1)):
        assert np.allclose(found, found.T, atol=1e-6)
        assert found.min() >= low
        assert found.max() <= 1
    assert not agreements[known:].any()
    assert (np.diagonal(agreements)[:known] > 0).all()


def test_neither_scale_nor_rotation_of_the_features_matters() -> None:
    X, letter, style = images(4)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(24, 24)))[0]
    plain = [of(letter, X), of(style, X)]
    moved = [of(letter, 7 * X @ turn + 3), of(style, 7 * X @ turn + 3)]
    assert compare_scatters(moved).overlap == pytest.approx(
        compare_scatters(plain).overlap, abs=2e-3
    )
    assert compare_scatters(moved).agreement == pytest.approx(
        compare_scatters(plain).agreement, abs=2e-3
    )


def test_nothing_known_says_nothing() -> None:
    assert (compare_scatters([None, None]).overlap == 1).all()
    assert (compare_scatters([None, None]).agreement == 0).all()


def test_features_of_two_networks_are_refused() -> None:
    X, letter, _ = images(6)
    with pytest.raises(SettingError, match=r"different networks.*16, 24"):
        compare_scatters([of(letter, X), of(letter, X[:, :16])])


def test_a_scatter_of_another_network_counts_as_unknown() -> None:
    X, letter, style = images(7)
    many, few = [of(letter, X), of(style, X)], of(letter, X[:, :16])
    assert of_one_network([few, *many, None]) == [None, *many, None]
    assert of_one_network([None]) == [None]
