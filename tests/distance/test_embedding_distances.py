import pickle

import numpy as np
import pytest

import task2vec
from task2vec.distance import (
    asymmetric_distance,
    distance_error,
    information_distance,
    information_distance_error,
    symmetric_distance,
    task_asymmetric_distance,
    task_complexity,
    task_information_distance,
    task_symmetric_distance,
)
from task2vec.errors import SpaceMismatchError

PRIOR = 1e-6
A, B = np.float32([[0.0, 2e-5, 3e-4, 0.0], [0.0, 1e-4, 1e-5, 2e-6]])


def test_the_prior_of_the_space_is_added(embedding):
    a, b = embedding(A, prior_precision=PRIOR), embedding(B, prior_precision=PRIOR)
    x, y = A.astype(float) + PRIOR, B.astype(float) + PRIOR
    trivial = np.full(4, PRIOR)
    assert task_symmetric_distance(a, b) == symmetric_distance(x, y)
    assert task_information_distance(source=a, target=b) == information_distance(source=x, target=y)
    assert task_complexity(a) == symmetric_distance(x, trivial)
    assert task_asymmetric_distance(source=a, target=b, alpha=0.3) == asymmetric_distance(
        source=x, target=y, trivial=trivial, alpha=0.3
    )


def test_the_default_weight_of_complexity_is_that_of_the_paper(embedding):
    a, b = embedding(A), embedding(B)
    got = task_asymmetric_distance(source=a, target=b)
    assert got == task_symmetric_distance(a, b) - 0.15 * task_complexity(a)


def test_they_return_plain_floats(embedding):
    a, b = embedding(A), embedding(B)
    assert type(task_symmetric_distance(a, b)) is float
    assert type(task_asymmetric_distance(source=a, target=b)) is float
    assert type(task_information_distance(source=a, target=b)) is float
    assert type(task_complexity(a)) is float
    # Without groups of images nothing tells the error.
    assert information_distance_error(source=a, target=b) is None


@pytest.mark.parametrize(
    "distance",
    [
        pytest.param(task_symmetric_distance, id="symmetric"),
        pytest.param(lambda a, b: task_asymmetric_distance(source=a, target=b), id="asymmetric"),
        pytest.param(lambda a, b: task_information_distance(source=a, target=b), id="information"),
        pytest.param(distance_error, id="error"),
        pytest.param(
            lambda a, b: information_distance_error(source=a, target=b), id="error of information"
        ),
    ],
)
def test_other_spaces_are_refused_and_the_differing_fields_named(embedding, distance):
    a = embedding(A, probe="lite0:aa", prior_precision=1e-6)
    b = embedding(B, probe="lite1:bb", prior_precision=1e-5)
    with pytest.raises(SpaceMismatchError) as caught:
        distance(a, b)
    assert caught.value.expected == "probe = lite0:aa, prior_precision = 1e-06"
    assert caught.value.got == "probe = lite1:bb, prior_precision = 1e-05"


@pytest.mark.parametrize(
    "name", ["symmetric_distance", "asymmetric_distance", "information_distance", "complexity"]
)
def test_a_wrong_call_is_named_as_users_know_it(name):
    function = getattr(task2vec, name)
    with pytest.raises(TypeError, match=rf"^{name}\(\)"):
        function(1, 2, 3)
    assert pickle.loads(pickle.dumps(function)) is function
