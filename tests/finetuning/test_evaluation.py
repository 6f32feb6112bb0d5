"""Accuracies from a table of confusions, by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from task2vec.data.formats.arrays import task_from_arrays
from task2vec.errors import TooLargeError
from task2vec.finetuning.evaluation import evaluated_part, evaluation_of
from task2vec.messages.evaluations import MOST_CLASSES, Confusion

TABLE = Confusion(
    classes=("ant", "bee", "cat", "dog"),
    counts=((6, 2, 1, 0), (0, 4, 0, 0), (1, 0, 0, 0), (0, 0, 0, 0)),
)


def test_accuracies_and_precisions_by_hand():
    found = evaluation_of(TABLE, model="expert", source="pets")
    by_class = {each.label: each for each in found.by_class}
    assert found.images == 14
    assert found.accuracy == pytest.approx(10 / 14)
    assert found.balanced_accuracy == pytest.approx((6 / 9 + 1 + 0) / 3)
    assert found.baseline == pytest.approx(9 / 14)
    assert [each.label for each in found.by_class] == ["cat", "ant", "bee"]
    assert by_class["ant"].accuracy == pytest.approx(6 / 9)
    assert by_class["ant"].precision == pytest.approx(6 / 7)
    assert by_class["bee"].precision == pytest.approx(4 / 6)
    assert by_class["cat"].precision == 0.0
    assert (by_class["ant"].taken_for.name, by_class["ant"].taken_for.images) == ("bee", 2)
    assert by_class["bee"].taken_for is None
    # Wilson, 95 %: 4 of 4.
    assert by_class["bee"].interval == pytest.approx((0.5101, 1.0), abs=1e-4)


@pytest.mark.parametrize(
    "counts",
    [((1, 2),), ((1, 2), (3,)), ((0, 0), (0, 0)), ((1, -1), (0, 1))],
    ids=["rows", "columns", "none", "negative"],
)
def test_a_table_that_counts_nothing_is_refused(counts):
    with pytest.raises(ValueError, match="must"):
        Confusion(classes=("ant", "bee"), counts=counts)


def some_images(count=40):
    images = np.zeros((count, 8, 8, 3), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(count)
    return task_from_arrays(images, [0, 1] * (count // 2), classes=["ant", "bee"], name="pets")


def test_each_seed_draws_images_of_its_own():
    card = SimpleNamespace(name="expert", classes=("ant", "bee"))
    drawn = [
        {
            entry.key
            for entry in evaluated_part(some_images(), card, images=10, seed=seed)[0].entries
        }
        for seed in (0, 0, 1)
    ]
    assert len(drawn[0]) == 10
    assert drawn[0] == drawn[1] != drawn[2]


def test_an_expert_of_too_many_classes_is_refused_before_any_work():
    card = SimpleNamespace(name="expert", classes=tuple(map(str, range(MOST_CLASSES + 1))))
    with pytest.raises(TooLargeError, match="at most 1,000 classes"):
        evaluated_part(some_images(), card, images=10, seed=0)
