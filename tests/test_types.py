import numpy as np
import pytest
from factories import PROVENANCE

from task2vec.errors import SettingError
from task2vec.types import TaskEmbedding

VALUES = np.array([2e-5, 0.0, 3e-4])
ERRORS = np.array([1e-6, 0.0, 2e-5])
REPLICATES = np.array([[1e-5, 0.0, 3e-4], [3e-5, 0.0, 0.0], [2e-5, 0.0, 6e-4]])


def from_estimates(**changed):
    arrays = {"values": VALUES, "errors": ERRORS, "replicates": REPLICATES, **changed}
    return TaskEmbedding.from_estimates(**arrays, provenance=PROVENANCE)


def test_replicates_are_kept_as_ratios_to_the_values():
    embedding = from_estimates()
    expected = np.float16([[0.5, 1, 1], [1.5, 1, 0], [1, 1, 2]])
    np.testing.assert_array_equal(embedding.replicates, expected)
    np.testing.assert_array_equal(embedding.values, VALUES.astype(np.float32))
    np.testing.assert_array_equal(embedding.errors, ERRORS.astype(np.float32))
    dtypes = [getattr(embedding, name).dtype for name in ("values", "errors", "replicates")]
    assert dtypes == [np.float32, np.float32, np.float16]


def test_a_ratio_is_taken_before_a_value_is_too_small_for_its_type():
    tiny = np.full(3, 1e-60)
    embedding = from_estimates(values=tiny, replicates=np.array([0.5, 1.5])[:, None] * tiny)
    np.testing.assert_array_equal(embedding.values, 0)
    np.testing.assert_array_equal(embedding.replicates, [[0.5] * 3, [1.5] * 3])


def test_the_arrays_are_copies_that_cannot_be_written_to():
    given = {
        "values": VALUES.astype(np.float32),
        "errors": ERRORS.astype(np.float32),
        "replicates": np.ones((2, 3), np.float16),
    }
    embedding = TaskEmbedding(**given, provenance=PROVENANCE)
    for name, array in given.items():
        array[:] = 7
        kept = getattr(embedding, name)
        assert not (kept == 7).any()
        with pytest.raises(ValueError, match="read-only"):
            kept[...] = 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"replicates": REPLICATES[:1]}, "K >= 2, got shape .1, 3.", id="one group"),
        pytest.param({"replicates": REPLICATES[:0]}, "got shape .0, 3.", id="no group"),
        pytest.param({"replicates": VALUES}, "got shape .3,.", id="no groups"),
        pytest.param({"replicates": REPLICATES[:, :2]}, r"\(K, 3\).*got shape .3, 2.", id="short"),
        pytest.param({"replicates": -REPLICATES}, "replicates .* from -2.0", id="negative group"),
        pytest.param({"replicates": REPLICATES * np.nan}, "replicates .* nan", id="nan group"),
        pytest.param({"replicates": REPLICATES * 1e5}, "float16 .* to inf", id="ratio too large"),
        pytest.param({"values": -VALUES}, "values .* from -0.0003", id="negative"),
        pytest.param({"values": VALUES + np.nan}, "values .* nan", id="nan"),
        pytest.param({"values": VALUES + np.inf}, "values .* to inf", id="infinite"),
        pytest.param({"values": VALUES * 1e44}, "float32 .* to inf", id="too large"),
        pytest.param({"values": REPLICATES}, "got shape .3, 3.", id="values by group"),
        pytest.param({"errors": ERRORS[:2]}, r"got \(3,\) and \(2,\)", id="an error is missing"),
        pytest.param({"errors": ERRORS - 1}, "errors .* from -1.0", id="negative error"),
        pytest.param(
            {"values": VALUES[:0], "errors": ERRORS[:0], "replicates": REPLICATES[:, :0]},
            r"got \(0,\) and \(0,\)",
            id="nothing",
        ),
    ],
)
def test_refuses(changed, message):
    with pytest.raises(SettingError, match=message):
        from_estimates(**changed)


def test_a_file_or_a_store_cannot_smuggle_in_other_shapes():
    for replicates in (np.ones((1, 3)), np.ones((2, 4)), np.ones(3), np.ones((2, 3, 1))):
        with pytest.raises(SettingError, match="at least 2 groups"):
            TaskEmbedding(VALUES, ERRORS, replicates, PROVENANCE)
