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


def test_worked_by_hand() -> None:
    gains = [0.0, 0.02, 0.01, 0.03, 0.05, 0.05, 0.06]
    parameters = [4_650_000, 6_090_000, 6_100_000, 6_090_000, 86_000_000, inf, inf]
    pixels = [224, 260, 260, 380, 224, 224, inf]
    merits = np.stack([gains, np.negative(parameters), np.negative(pixels)], axis=1)
    assert unbeaten(merits).tolist() == [True, True, False, True, True, False, True]


@given(MERITS)
def test_it_is_what_the_definition_says(merits) -> None:
    assert unbeaten(merits).tolist() == by_definition(merits)


@given(MERITS, st.randoms(use_true_random=False))
def test_the_order_of_what_comes_in_decides_nothing(merits, random) -> None:
    order = list(range(len(merits)))
    random.shuffle(order)
    assert unbeaten(merits[order]).tolist() == unbeaten(merits)[order].tolist()


@given(MERITS)
def test_without_the_beaten_all_stay(merits) -> None:
    best = unbeaten(merits)
    assert unbeaten(merits[best]).all()
    assert best.any() == bool(len(merits))
