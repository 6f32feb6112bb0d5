"""Numbers with fewer digits: near the true ones, and fewer of them."""

import zlib

import numpy as np
import pytest
from factories import make_embedding
from hypothesis import given
from hypothesis import strategies as st

from task2vec.embedding.bundle import BundledTask
from task2vec.embedding.rounding import round_mantissa, smaller

FLOATS = st.floats(0, float(np.finfo(np.float32).max), width=32)


@given(st.lists(FLOATS, min_size=1, max_size=20), st.integers(1, 22))
def test_each_number_is_the_nearest_with_so_many_bits(numbers: list[float], bits: int) -> None:
    given_ = np.array(numbers, dtype=np.float32)
    found = round_mantissa(given_, bits)
    for before, after in zip(given_.tolist(), found.tolist(), strict=True):
        mantissa, exponent = np.frexp(before)
        # Numbers too small for a leading one keep fewer bits.
        step = max(2.0 ** (int(exponent) - 1 - bits), 2.0 ** (-126 - bits))
        nearest = round(before / step) * step
        assert after == (nearest if nearest <= float(np.finfo(np.float32).max) else before)
        assert 0.5 <= mantissa < 1 or before == 0


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_what_would_overflow_stays(kind: type[np.floating]) -> None:
    most = np.array([np.finfo(kind).max], dtype=kind)
    assert round_mantissa(most, 3) == most


def test_a_task_keeps_two_replicates_and_takes_less_room() -> None:
    rng = np.random.default_rng(0)
    replicates = rng.gamma(4.0, 0.25, size=(8, 4000)).astype(np.float16)
    embedding = make_embedding(
        rng.lognormal(-10, 3, size=4000),
        errors=rng.lognormal(-12, 3, size=4000),
        replicates=replicates,
    )
    found = smaller(BundledTask("a", embedding)).embedding

    np.testing.assert_allclose(found.values, embedding.values, rtol=2.0**-10)
    np.testing.assert_allclose(found.errors, embedding.errors, rtol=2.0**-5)
    halves = [replicates[half].astype(float).mean(axis=0) for half in (slice(4), slice(4, 8))]
    np.testing.assert_allclose(found.replicates, halves, rtol=2.0**-5 + 2.0**-11)

    def packed(each: np.ndarray) -> int:
        return len(zlib.compress(each.tobytes(), 9))

    assert packed(found.values) < 0.7 * packed(embedding.values)
    assert packed(found.replicates) < 0.2 * packed(embedding.replicates)
