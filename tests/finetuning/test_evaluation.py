"""Accuracies from a table of confusions, by hand."""

import pytest

from task2vec.finetuning.evaluation import evaluation_of
from task2vec.messages.evaluations import Confusion

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
