"""A world forgets what is hidden, and all of it."""

import numpy as np
import pytest
from worlds import make_world


def test_what_is_hidden_is_known_neither_by_gain_nor_by_noise():
    world = make_world(seed=11, known=0.8)
    hidden = np.zeros(world.gains.shape, dtype=bool)
    hidden[:, 2] = hidden[3] = True
    before = world.without(hidden)
    for name in ("gains", "variances"):
        kept, all_of_it = getattr(before, name), getattr(world, name)
        assert np.isnan(kept[hidden]).all(), name
        np.testing.assert_array_equal(kept[~hidden], all_of_it[~hidden])
    # The world itself still knows.
    assert np.isfinite(world.variances[hidden]).any()
    assert before.measured.sum() == pytest.approx((world.measured & ~hidden).sum())
