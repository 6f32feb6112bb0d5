import numpy as np
import pytest

from task2vec.distance import (
    layer_distances,
    layer_groups,
    plain_symmetric_distance,
    symmetric_distance,
    task_symmetric_distance,
)
from task2vec.errors import SpaceMismatchError
from task2vec.types.details import LayerElements

GROUPS = (LayerElements("stem", 30), LayerElements("blocks.0", 50), LayerElements("head", 40))


def noisy(embedding, values, *, noise, seed):
    """An embedding whose eight groups of images tell different things, the more the noise."""
    rng = np.random.default_rng(seed)
    ratios = rng.gamma(1 / noise**2, noise**2, (8, len(values)))
    return embedding(
        np.asarray(values) * ratios.mean(axis=0), replicates=ratios / ratios.mean(axis=0)
    )


@pytest.fixture
def two(embedding):
    """Two tasks that differ in the blocks alone, by their pattern; and in the stem by a factor."""
    rng = np.random.default_rng(1)
    a = rng.uniform(1, 2, 120)
    b = a.copy()
    b[:30] *= 1.5
    b[30:80] *= np.exp(rng.normal(0, 1.5, 50))
    return noisy(embedding, a, noise=0.2, seed=2), noisy(embedding, b, noise=0.2, seed=3)


def test_parts_add_up_to_the_whole_distance(two):
    found = layer_distances(*two, GROUPS)
    assert sum(group.part for group in found.groups) == pytest.approx(
        plain_symmetric_distance(*two), abs=1e-12
    )
    assert sum(group.share for group in found.groups) == pytest.approx(1, abs=1e-12)
    assert [(group.name, group.elements) for group in found.groups] == [
        ("stem", 30),
        ("blocks.0", 50),
        ("head", 40),
    ]
    assert found.distance == pytest.approx(task_symmetric_distance(*two))


def test_the_layers_that_differ_are_named(two):
    found = layer_distances(*two, GROUPS)
    assert found.farthest == "blocks.0"
    assert found.beyond_noise
    own = {group.name: group for group in found.groups}
    a, b = (np.asarray(task.values, dtype=np.float64)[30:80] + 1e-6 for task in two)
    # What noise added is taken off again.
    assert 0.5 * symmetric_distance(a, b) < own["blocks.0"].distance < symmetric_distance(a, b)
    # A factor that a group's elements have in common is a difference from the other groups alone.
    assert abs(own["stem"].distance) < 4 * own["stem"].standard_error + 1e-3


def test_what_differs_by_noise_alone_is_said_to(embedding):
    values = np.random.default_rng(1).uniform(1, 2, 120)
    one, other = (noisy(embedding, values, noise=0.6, seed=seed) for seed in (5, 6))
    assert not layer_distances(one, other, GROUPS).beyond_noise


def test_extremes_of_many_equal_groups_are_seldom_called_different(embedding):
    values = np.random.default_rng(1).uniform(1, 2, 160)
    groups = [LayerElements(f"blocks.{i}", 20) for i in range(8)]
    called = sum(
        layer_distances(
            *(noisy(embedding, values, noise=0.5, seed=100 * i + side) for side in (0, 1)), groups
        ).beyond_noise
        for i in range(40)
    )
    assert called <= 5


def test_a_task_differs_nowhere_from_itself(two):
    found = layer_distances(two[0], two[0], GROUPS)
    assert {group.part for group in found.groups} == {0.0}
    assert {group.share for group in found.groups} == {0.0}
    assert not found.beyond_noise


def test_spaces_are_compared_first(embedding):
    with pytest.raises(SpaceMismatchError):
        layer_distances(embedding([1.0]), embedding([1.0], probe="other:1"), (GROUPS[0],))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["conv1", "layer1.0.c", "layer1.1.c", "layer2.0.c", "layer3.0.c"], ["conv1", "layer1",
         "layer2", "layer3"]),
        (["blocks.0.0.dw", "blocks.0.1.dw", "blocks.1.0.dw", "blocks.2.0.dw", "blocks.3.0.dw"],
         ["blocks.0", "blocks.1", "blocks.2", "blocks.3"]),
        (["0", "3", "5"], ["0", "3", "5"]),
        ([], []),
    ],
    ids=["stages", "blocks", "few", "none"],
)  # fmt: skip
def test_layers_make_a_readable_handful_of_groups(names, expected):
    layers = [LayerElements(name, 2 + i) for i, name in enumerate(names)]
    groups = layer_groups(layers)
    assert [group.name for group in groups] == expected
    assert sum(group.elements for group in groups) == sum(layer.elements for layer in layers)
