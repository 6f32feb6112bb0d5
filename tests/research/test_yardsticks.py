"""The yardsticks on distances that are small enough to judge by hand."""

import numpy as np
import pytest

from research.development.geometry import Distances
from research.development.yardsticks import bootstrap, load_gains, score

TASKS = ("a1", "a2", "b1", "b2", "c")
FAMILIES = ("a", "a", "b", "b", "c")
# Symmetric; a2 is nearest to b1, everything else as it should be.
NEAR = np.array(
    [
        [0.0, 0.3, 0.5, 0.6, 0.9],
        [0.3, 0.0, 0.2, 0.7, 0.8],
        [0.5, 0.2, 0.0, 0.1, 0.8],
        [0.6, 0.7, 0.1, 0.0, 0.8],
        [0.9, 0.8, 0.8, 0.8, 0.0],
    ]
)


def judge(judged=TASKS, gains=None, aa=NEAR, bb=NEAR):
    repeat = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    distances = Distances(aa=aa, bb=bb, repeat=repeat, signs=np.full(5, np.nan))
    return score(distances, tasks=TASKS, families=FAMILIES, judged=judged, gains=gains or {})


def test_a_repeat_is_measured_by_the_median_between_tasks():
    # Row by row: 0.3 0.5 0.6 0.9, 0.3 0.2 0.7 0.8, 0.5 0.2 0.1 0.8, ...: the median of 20 is 0.65.
    assert judge().repeat == pytest.approx(np.array([0.1, 0.2, 0.3, 0.4, 0.5]) / 0.65)


def test_the_margin_is_to_the_nearest_other_task():
    expected = np.array([0.1 / 0.3, 0.2 / 0.2, 0.3 / 0.1, 0.4 / 0.1, 0.5 / 0.8])

    assert judge().margin == pytest.approx(expected)


def test_only_a_task_with_a_relative_has_a_family_score():
    scores = judge()

    assert scores.family[:4].tolist() == [1, 0, 1, 1]
    assert np.isnan(scores.family[4])


def test_both_parts_count():
    other = NEAR.copy()
    other[1, 2] = other[2, 1] = 0.9

    assert judge(bb=other).family[:4].tolist() == [1, 0.5, 1, 1]


def test_relatives_are_compared_with_all_others():
    # The one relative of a2, at 0.3, is nearer than b2 and c of b1, b2 and c.
    assert judge().relatives[:2] == pytest.approx([1, 2 / 3])


def test_those_who_are_not_judged_are_still_neighbours():
    scores = judge(judged=("a2",))

    assert scores.family.tolist() == [0]


def test_transfer_looks_at_the_column_of_the_target():
    asymmetric = NEAR.copy()
    asymmetric[:, 0] = [0, 0.4, 0.3, 0.2, 0.1]
    gains = {("a2", "a1"): 0.04, ("b1", "a1"): 0.03, ("b2", "a1"): 0.02, ("c", "a1"): 0.01}

    scores = judge(judged=("a1",), gains=gains, aa=asymmetric, bb=asymmetric)

    assert scores.transfer == pytest.approx([-1])
    assert scores.gain == pytest.approx([1])


def test_affinity_takes_what_an_expert_usually_gains_off():
    # On a1 the far experts gain more, but c and b2 gain even more elsewhere.
    on_a1 = {("a2", "a1"): 0.01, ("b1", "a1"): 0.02, ("b2", "a1"): 0.03, ("c", "a1"): 0.04}
    elsewhere = {("a2", "z"): -0.5, ("b1", "z"): -0.1, ("b2", "z"): 0.3, ("c", "z"): 0.7}

    scores = judge(judged=("a1",), gains={**on_a1, **elsewhere})

    assert scores.transfer == pytest.approx([-1])
    assert scores.affinity == pytest.approx([1])


def test_too_few_experts_give_no_number():
    assert np.isnan(judge(gains={("a2", "a1"): 0.04}).transfer).all()


def test_tasks_of_one_kind_are_drawn_together():
    kinds = np.random.default_rng(0).normal(size=40)
    values = np.repeat(kinds, 10)

    together = bootstrap(values, np.repeat(np.arange(40), 10).astype(str).tolist())
    alone = bootstrap(kinds, [str(kind) for kind in range(40)])

    # Ten copies of a kind say no more than one.
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))
    assert judge().kinds == FAMILIES
    clip_art = score(
        Distances(aa=NEAR, bb=NEAR, repeat=np.ones(5), signs=np.ones(5)),
        tasks=TASKS,
        families=("clip_art", "emoji", "clip_art", "letters", "c"),
        judged=("a1", "a2", "b2"),
        gains={},
    )
    assert clip_art.kinds == ("drawn", "drawn", "glyphs")


def test_a_matrix_is_read_by_source_and_target(tmp_path):
    path = tmp_path / "matrix.csv"
    path.write_text("source,target,gain\na,b,0.5\nb,a,-0.25\n", encoding="utf-8")

    later = tmp_path / "later.csv"
    later.write_text("source,target,gain\na,b,0.75\n", encoding="utf-8")

    assert load_gains(path) == {("a", "b"): 0.5, ("b", "a"): -0.25}
    assert load_gains(path, later, tmp_path / "none.csv") == {("a", "b"): 0.75, ("b", "a"): -0.25}


def test_an_expert_that_is_the_plain_probe_says_nothing(tmp_path):
    path = tmp_path / "matrix.csv"
    path.write_text("source,target,gain\na,b,0.0000\na,c,0.0000\nb,a,0.0000\nb,c,0.01\n")

    assert load_gains(path) == {("b", "a"): 0, ("b", "c"): 0.01}
