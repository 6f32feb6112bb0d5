"""What no other beats, against the definition, on small grids where ties abound, and its laws."""

from math import inf

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from task2vec.recommendation.published.listing import unbeaten

MERIT = st.sampled_from([-inf, -3.0, -2.0, -1.0])
MERITS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(MERIT, min_size=width, max_size=width), max_size=14).map(
        lambda rows: np.array(rows, dtype=float).reshape(len(rows), width)
    )
)


def by_definition(merits):
    """Compare each with each, criterion by criterion."""

    def beaten(row):
        for other in merits:
            pairs = list(zip(other, row, strict=True))
            if all(a >= b for a, b in pairs) and any(a > b for a, b in pairs):
                return True
        return False

    return [not beaten(row) for row in merits]


@given(MERITS)
def test_it_is_what_the_definition_says(merits) -> None:
    assert unbeaten(merits).tolist() == by_definition(merits)
