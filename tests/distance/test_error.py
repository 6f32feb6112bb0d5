import numpy as np
import pytest

from task2vec.distance import (
    asymmetric_distance,
    asymmetric_distance_error,
    distance_error,
    symmetric_distance,
    task_symmetric_distance,
)

PRIOR = 1e-5
RNG = np.random.default_rng(8)
A, B = np.exp(RNG.normal(size=(2, 200)) - 9)
ERRORS_A, ERRORS_B = 0.05 * A, 0.02 * B


@pytest.fixture
def pair(embedding):
    return (
        embedding(A, errors=ERRORS_A, prior_precision=PRIOR),
        embedding(B, errors=ERRORS_B, prior_precision=PRIOR),
    )


def repeats(count=4000):
    a = A + ERRORS_A * RNG.normal(size=(count, A.size)) + PRIOR
    b = B + ERRORS_B * RNG.normal(size=(count, B.size)) + PRIOR
    return a, b


def test_the_error_agrees_with_simulated_repeats(pair):
    # 4,000 repeats know a standard deviation to 1.1 %.
    simulated = symmetric_distance(*repeats()).std()
    assert distance_error(*pair) == pytest.approx(simulated, rel=0.05)


@pytest.mark.parametrize("alpha", [0.0, 0.15, 2.0])
def test_the_asymmetric_error_agrees_with_simulated_repeats(pair, alpha):
    source, target = repeats()
    simulated = asymmetric_distance(
        source=source, target=target, trivial=np.full(A.size, PRIOR), alpha=alpha
    ).std()
    got = asymmetric_distance_error(source=pair[0], target=pair[1], alpha=alpha)
    assert got == pytest.approx(simulated, rel=0.05)


def test_the_error_agrees_with_numerical_differentiation(pair, embedding):
    a, b = A.astype(np.float32) + PRIOR, B.astype(np.float32) + PRIOR
    step = 1e-4 * np.eye(A.size)
    by_a = symmetric_distance(a + a * step, b) - symmetric_distance(a - a * step, b)
    by_b = symmetric_distance(a, b + b * step) - symmetric_distance(a, b - b * step)
    variance = (by_a / (2e-4 * a) * ERRORS_A) ** 2 + (by_b / (2e-4 * b) * ERRORS_B) ** 2
    assert distance_error(*pair) == pytest.approx(np.sqrt(variance.sum()), rel=1e-5)


def test_the_error_is_symmetric_and_proportional_to_the_elements_errors(pair, embedding):
    a, b = pair
    assert distance_error(a, b) == pytest.approx(distance_error(b, a), rel=1e-12)
    doubled = (embedding(x.values, errors=2 * x.errors, prior_precision=PRIOR) for x in (a, b))
    assert distance_error(*doubled) == pytest.approx(2 * distance_error(a, b), rel=1e-6)


def test_exactly_known_elements_have_no_error(embedding):
    a, b = (embedding(x, prior_precision=0.0) for x in ([1.0, 2.0, 0.0], [2.0, 1.0, 3.0]))
    assert task_symmetric_distance(a, b) > 0
    assert distance_error(a, b) == 0
