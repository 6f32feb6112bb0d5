import numpy as np
import pytest

from task2vec.distance.reference import REFERENCE_DISTANCES, asymmetric_kl, normalized_cosine
from task2vec.errors import SettingError


@pytest.mark.parametrize("name", [n for n in REFERENCE_DISTANCES if n != "normalized_cosine"])
def test_golden(golden, close, name):
    got = REFERENCE_DISTANCES[name](golden["source"], golden["target"])
    close(got, golden["reference"][name])


def test_golden_scaled_by_layer(golden, close):
    got = normalized_cosine(
        golden["source"],
        golden["target"],
        scale_a=golden["scale_source"],
        scale_b=golden["scale_target"],
    )
    close(got, golden["reference"]["normalized_cosine"])


def test_golden_reversed(golden, close):
    got = asymmetric_kl(golden["target"], golden["source"])
    close(got, golden["reference"]["asymmetric_kl_reversed"])


@pytest.mark.parametrize("name", REFERENCE_DISTANCES)
def test_broadcasts_over_leading_dimensions(name):
    rng = np.random.default_rng(5)
    a, b = rng.lognormal(size=(3, 1, 5)), rng.lognormal(size=(2, 5))
    distance = REFERENCE_DISTANCES[name]
    looped = [[distance(x[0], y) for y in b] for x in a]
    np.testing.assert_allclose(distance(a, b), looped, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", REFERENCE_DISTANCES)
def test_refuses_lengths_that_differ(name):
    with pytest.raises(SettingError, match="same number of elements"):
        REFERENCE_DISTANCES[name]([1.0], [1.0, 2.0])
