import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from task2vec.plots.placement import Placement, Request, place, spread_order

AREA = (0.0, 0.0, 1000.0, 700.0)
Box = tuple[float, float, float, float]


def marks_of(requests: list[Request]) -> np.ndarray:
    return np.array(
        [(r.x - r.radius, r.y - r.radius, r.x + r.radius, r.y + r.radius) for r in requests]
    ).reshape(-1, 4)


def box(request: Request, placement: Placement) -> Box:
    half_width, half_height = request.width / 2, request.height / 2
    return (
        placement.x - half_width,
        placement.y - half_height,
        placement.x + half_width,
        placement.y + half_height,
    )


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@given(st.integers(1, 30), st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([0, 6]))
@settings(max_examples=40, deadline=None)
def test_nothing_covers_anything(count: int, seed: int, cards: bool, rings: int) -> None:
    rng = np.random.default_rng(seed)
    requests = [
        Request(
            x=float(x),
            y=float(y),
            width=float(rng.uniform(40, 160)),
            height=60.0 if cards else 20.0,
            radius=8.0,
            home=(0.0, -10.0) if cards else None,
            slack=20.0 if cards else 0.0,
        )
        for x, y in rng.uniform((0, 0), AREA[2:], size=(count, 2))
    ]
    marks = marks_of(requests)
    placements = place([[r] for r in requests], marks=marks, area=AREA, rings=rings)
    placed = {i: box(requests[i], p) for i, p in enumerate(placements) if p is not None}
    for i, one in placed.items():
        assert min(one) >= 0
        assert one[2] <= AREA[2]
        assert one[3] <= AREA[3]
        assert not any(overlap(one, other) for j, other in placed.items() if j < i)
        for j in range(count):
            twin = max(abs(requests[i].x - requests[j].x), abs(requests[i].y - requests[j].y)) <= 1
            assert twin or not overlap(one, tuple(marks[j]))
        if rings == 0:
            assert not placements[i].apart


def test_a_lone_label_stands_to_the_right_of_its_point() -> None:
    request = Request(x=500, y=300, width=100, height=20, radius=8)
    (placement,) = place([[request]], marks=marks_of([request]), area=AREA, rings=3)
    assert placement is not None
    assert placement.y == 300
    assert not placement.apart
    assert 508 < placement.x - 50 < 525


def test_a_lone_card_lies_at_home_and_a_pair_shares_the_way() -> None:
    card = {"y": 300.0, "width": 100.0, "height": 100.0, "radius": 5.0, "slack": 45.0}
    alone = [Request(x=500, home=(0.0, -10.0), **card)]
    assert place([alone], marks=marks_of(alone), area=AREA, rings=3) == [Placement(500, 290, False)]
    pair = [Request(x=x, home=(0.0, 0.0), **card) for x in (500.0, 560.0)]
    left, right = place([[r] for r in pair], marks=marks_of(pair), area=AREA, rings=3)
    assert left is not None
    assert right is not None
    assert left.x + right.x == 1060
    assert left.y == right.y == 300
    assert 100 < right.x - left.x < 108


def test_without_room_a_box_is_left_out() -> None:
    request = Request(x=20, y=20, width=100, height=20, radius=5)
    assert place([[request]], marks=marks_of([request]), area=(0, 0, 60, 60), rings=5) == [None]
    assert place([], marks=np.empty((0, 4)), area=AREA, rings=5) == []


def test_what_does_not_fit_gives_way_to_its_alternative() -> None:
    large = Request(x=50, y=50, width=300, height=300, radius=5, home=(0, 0), slack=10)
    small = Request(x=50, y=50, width=30, height=20, radius=5)
    (placement,) = place([[large, small]], marks=marks_of([large]), area=(0, 0, 100, 100), rings=2)
    assert placement == Placement(x=79, y=50, apart=False, alternative=1)


def test_twins_are_both_named() -> None:
    twins = [Request(x=400, y=300, width=90, height=20, radius=8) for _ in range(4)]
    assert None not in place([[r] for r in twins], marks=marks_of(twins), area=AREA, rings=6)


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_each_next_point_is_the_farthest_from_those_before(count: int, seed: int) -> None:
    points = np.random.default_rng(seed).normal(size=(count, 2))
    order = spread_order(points)
    assert sorted(order) == list(range(count))
    for k in range(1, count):
        gaps = [
            min(float(np.linalg.norm(points[i] - points[j])) for j in order[:k])
            for i in range(count)
        ]
        assert gaps[order[k]] == max(gaps)
