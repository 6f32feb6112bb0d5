"""The Pareto list against the definition, on small grids where ties abound, and its laws."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from task2vec.errors import SettingError
from task2vec.recommend.published.listing import Candidate, pareto_list

COST = st.one_of(st.none(), st.integers(1, 4))
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        model=st.text("abc", min_size=1, max_size=3),
        gain=st.sampled_from([-0.1, 0.0, 0.05, 0.1]),
        parameters=COST,
        input_size=COST,
        operations=COST,
    ),
    max_size=14,
)


def by_definition(candidates: list[Candidate]) -> list[Candidate]:
    """Compare each with each, criterion by criterion."""

    def figures(c: Candidate) -> tuple[float, ...]:
        costs = (c.parameters, c.input_size, c.operations)
        return c.gain, *(-(inf if cost is None else cost) for cost in costs)

    def beaten(c: Candidate) -> bool:
        for other in candidates:
            pairs = list(zip(figures(other), figures(c), strict=True))
            if all(a >= b for a, b in pairs) and any(a > b for a, b in pairs):
                return True
        return False

    return [c for c in candidates if not beaten(c)]


def test_worked_by_hand() -> None:
    small = Candidate("small", 0.0, 4_650_000, 224)
    middle = Candidate("middle", 0.02, 6_090_000, 260)
    worse = Candidate("worse", 0.01, 6_100_000, 260)
    sharp = Candidate("sharp", 0.03, 6_090_000, 380)
    large = Candidate("large", 0.05, 86_000_000, 224)
    unknown = Candidate("unknown", 0.05, None, 224)
    best = Candidate("best", 0.06, None)
    listed = pareto_list([best, unknown, large, worse, sharp, middle, small])
    assert [c.model for c in listed] == ["small", "middle", "sharp", "large", "best"]


@given(CANDIDATES)
def test_the_list_is_what_the_definition_says(candidates: list[Candidate]) -> None:
    listed = pareto_list(candidates)
    assert sorted(map(repr, listed)) == sorted(map(repr, by_definition(candidates)))
    assert list(listed) == sorted(listed, key=lambda c: (c.costs, c.gain))


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_the_order_of_what_comes_in_decides_nothing(candidates, random) -> None:
    shuffled = candidates[:]
    random.shuffle(shuffled)
    assert sorted(map(repr, pareto_list(shuffled))) == sorted(map(repr, pareto_list(candidates)))


@given(CANDIDATES)
def test_again_and_without_the_beaten_it_is_the_same(candidates: list[Candidate]) -> None:
    listed = pareto_list(candidates)
    assert pareto_list(listed) == listed
    assert bool(listed) == bool(candidates)


@given(CANDIDATES)
def test_gain_never_falls_where_pixels_do_not_count(candidates: list[Candidate]) -> None:
    flat = [Candidate(c.model, c.gain, c.parameters) for c in candidates]
    listed = pareto_list(flat)
    gains = [c.gain for c in listed]
    assert gains == sorted(gains)
    if candidates:
        assert gains[-1] == max(c.gain for c in candidates)


@pytest.mark.parametrize(
    ("gain", "parameters", "size"),
    [(float("nan"), 1, 1), (0.1, 0, 1), (0.1, -5, None), (0.1, None, 0)],
)
def test_what_cannot_be_compared_is_refused(gain, parameters, size) -> None:
    with pytest.raises(SettingError, match="huge cannot be compared"):
        Candidate("huge", gain, parameters, size)
