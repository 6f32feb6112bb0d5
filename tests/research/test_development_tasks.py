"""The parts of a development task that repeats are made of, and the halves of the families."""

import numpy as np
import pytest

from research.development import build
from research.development.passes import PLAN, half_size, halves
from research.development.tasks import cache, choosing_families


@pytest.fixture
def labels():
    return np.array([0] * 9 + [1] * 4 + [2] * 6)


def test_halves_share_no_image_and_leave_none_out(labels):
    a, b = halves(labels, name="some_task")

    assert sorted([*a, *b]) == list(range(len(labels)))
    assert half_size(labels) == min(len(a), len(b)) == 9


def test_the_first_images_of_a_half_are_even_over_the_classes(labels):
    for half in halves(labels, name="some_task"):
        for count in (3, 6):
            assert np.bincount(labels[half[:count]]).tolist() == [count // 3] * 3


def test_tasks_with_the_same_labels_are_dealt_differently(labels):
    assert halves(labels, name="some")[0].tolist() != halves(labels, name="other")[0].tolist()


def test_the_halves_of_the_families_are_near_in_size():
    families = {task.family for task in build.TASKS} | {"clothes", "letters"}
    chosen = choosing_families(families)

    assert chosen < families
    assert abs(2 * len(chosen) - len(families)) <= 1


def test_every_built_family_has_a_relative_among_the_built_or_the_examples():
    from benchmarks.examples import families

    names = [*families().values(), *(task.family for task in build.TASKS)]

    assert min(names.count(task.family) for task in build.TASKS) >= 2
    assert not {task.name for task in build.TASKS} & set(families())


def test_steps_have_names_of_their_own():
    assert len({step.name for step in PLAN}) == len(PLAN)


def test_the_cache_lies_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("TASK2VEC_BENCHMARK_CACHE", str(tmp_path))

    assert cache() == tmp_path / "development"
