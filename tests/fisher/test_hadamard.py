import numpy as np
import pytest

from task2vec.fisher.hadamard import hadamard


@pytest.mark.parametrize("least", [*range(1, 50), 101, 1000])
def test_rows_and_columns_are_orthogonal_signs(least):
    found = hadamard(least).astype(int)
    order = len(found)
    assert np.array_equal(np.abs(found), np.ones((order, order)))
    assert np.array_equal(found @ found.T, order * np.eye(order))
    # Orders are 1, 2 and multiples of 4; the known ones leave no wide gaps.
    assert least <= order <= max(4, 1.2 * least + 7)


def test_the_orders_that_are_known():
    assert sorted({len(hadamard(least)) for least in range(1, 101)}) == [
        *(1, 2, 4, 8, 12, 16, 20, 24, 32, 40, 44, 48, 60, 64, 68, 72, 80, 84, 88, 96, 104)
    ]
