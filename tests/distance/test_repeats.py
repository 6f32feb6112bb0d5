import math
from itertools import combinations

import numpy as np
import pytest
from factories import replace

from task2vec.distance import (
    ImageNoise,
    head_distance,
    image_noise,
    symmetric_distance,
)


def naive_distance(a, b):
    u = [x / (x + y) for x, y in zip(a, b, strict=True)]
    v = [y / (x + y) for x, y in zip(a, b, strict=True)]
    product = sum(x * y for x, y in zip(u, v, strict=True))
    return 1 - product / math.sqrt(sum(x * x for x in u) * sum(y * y for y in v))


def mean_between(sides, replicates, prior):
    """The mean distance between the means of two sets of groups, over pairs of sets."""
    found = []
    for pair in sides:
        a, b = (
            [sum(replicates[i][j] for i in side) / len(side) + prior for j in range(26)]
            for side in pair
        )
        found.append(naive_distance(a, b))
    return sum(found) / len(found)


def halvings(count):
    groups = frozenset(range(count))
    return [(set(left), groups - set(left)) for left in combinations(groups, count // 2)]


@pytest.mark.parametrize("groups", [2, 3, 4, 5, 7])
@pytest.mark.parametrize("prior", [1e-6, 0.3])
def test_of_few_groups_halves_are_as_far_apart_as_real_tasks_tell(groups, prior):
    replicates = np.random.default_rng(groups).gamma(2, size=(groups, 26))
    replicates[:, 3] = 0
    halves = mean_between(halvings(groups), replicates.tolist(), prior)
    found = image_noise(replicates, prior).distance
    assert found == pytest.approx(halves * 2**-0.44, rel=1e-9)


@pytest.mark.parametrize("prior", [1e-6, 0.3])
def test_of_eight_groups_quarters_and_halves_tell_how_the_noise_falls(prior):
    replicates = np.random.default_rng(8).lognormal(sigma=1.5, size=(8, 26))
    replicates[:, 3] = 0
    # The halvings of Sylvester's matrix by characters of the group of three bits.
    halves, quarters = [], []
    for row in range(1, 8):
        side = [bin(row & column).count("1") % 2 for column in range(8)]
        other = (row - 2) % 7 + 1
        beside = [bin(other & column).count("1") % 2 for column in range(8)]
        cells = [
            {k for k in range(8) if (side[k], beside[k]) == cell}
            for cell in ((0, 0), (0, 1), (1, 0), (1, 1))
        ]
        halves.append((cells[0] | cells[1], cells[2] | cells[3]))
        quarters += combinations(cells, 2)
    of_halves, of_quarters = (
        mean_between(sides, replicates.tolist(), prior) for sides in (halves, quarters)
    )
    assert 1 < of_quarters / of_halves < 2
    found = image_noise(replicates, prior).distance
    assert found == pytest.approx(of_halves**2 / of_quarters, rel=1e-6)


def test_equal_groups_have_no_error():
    assert image_noise(np.tile(np.arange(5.0), (8, 1)), 1e-6).distance == 0


def test_one_group_says_nothing():
    assert math.isnan(image_noise(np.ones((1, 5)), 1e-6).distance)


def test_tells_the_distance_of_repeats_of_little_noise():
    # Elements of noise 5 %: the mean of 8 groups varies as much as two true repeats do.
    rng = np.random.default_rng(0)
    true = rng.lognormal(size=400)
    check(true * rng.gamma(50, 1 / 50, size=(400, 8, 400)), tolerance=0.06)


def test_tells_the_distance_of_repeats_where_few_images_hold_most():
    rng = np.random.default_rng(0)
    groups = rng.lognormal(sigma=2.5, size=(400, 8, 400))
    halves = groups.reshape(400, 2, 4, 400).mean(axis=2)
    actual = check(groups, tolerance=0.06)
    # With one over the number of images the noise would fall faster.
    assert symmetric_distance(halves[:, 0], halves[:, 1]).mean() / 2 < 0.8 * actual


def check(groups, *, tolerance):
    stated = np.mean([image_noise(each, 1e-6).distance for each in groups[:100]])
    repeats = groups.mean(axis=1)
    actual = symmetric_distance(repeats[::2], repeats[1::2]).mean()
    assert actual > 1e-4
    assert stated == pytest.approx(actual, rel=tolerance)
    return actual


def test_variances_add_and_distances_go_like_a_power_of_them():
    assert ImageNoise(0.03, 0.5).and_head(0.04) == pytest.approx(0.05)
    assert ImageNoise(0.03, 1.0).and_head(0.04) == pytest.approx(0.07)
    assert ImageNoise(0.0, 0.25).and_head(0.0) == 0
    assert math.isnan(ImageNoise(math.nan, 0.44).and_head(0.04))


def test_what_a_head_adds_is_recorded_or_taken_out_of_the_standard_error(embedding):
    """Earlier versions recorded half of the distance between halves plus that of the heads."""
    ratios = np.random.default_rng(1).uniform(0.5, 1.5, size=(8, 26))
    task = embedding(np.geomspace(1, 9, 26), replicates=ratios, prior_precision=0.1)

    def with_errors(**errors):
        return replace(task, provenance=replace(task.provenance, **errors))

    assert head_distance(with_errors(head_error=0.07)) == 0.07
    groups = np.geomspace(1, 9, 26).astype(np.float32) * task.replicates.astype(float)
    old = mean_between(halvings(8), groups.tolist(), 0.1) / 2
    assert old > 1e-3
    earlier = with_errors(head_error=None, standard_error=old + 0.05)
    assert head_distance(earlier) == pytest.approx(0.05, abs=0.1 * old)
    assert head_distance(with_errors(head_error=None, standard_error=0.0)) == 0
    assert head_distance(with_errors(head_error=None, standard_error=math.nan)) == 0
