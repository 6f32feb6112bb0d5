"""The curve of regret against seconds: everybody pays for what they measure, in the right order."""

from dataclasses import replace

import numpy as np
import pytest
from test_transfer import case_of

from research.scores.names import ScoreName
from research.transfer.cascading import Fits
from research.transfer.cost_curve import OURS, STATIC, courses, taken_at
from research.transfer.costs import Costs
from research.transfer.targets import Budget
from research.transfer.zoo import DEFAULT

COSTS = Costs(
    load={DEFAULT: 1.0, "expert b": 3.0},
    image={DEFAULT: 0.1, "expert b": 0.2},
    targets={
        Budget.FEW: {"target": {"images": 10.0, "embed": 5.0, **dict.fromkeys(ScoreName, 0.5)}}
    },
)


def found(gain):
    case, scores = case_of(gain)
    # On the other tasks, expert b is better than expert a, and both are worse than the default.
    gains = np.array([[0.0, 0.0, 0.0], [np.nan, -0.3, np.nan], [-0.1, np.nan, np.nan]])
    world = replace(case.world, gains=gains, variances=np.where(np.isnan(gains), np.nan, 1e-4))
    tables = {
        **scores.tables,
        **{name: np.array([[0.0] * 3, [0, 0, 2.0], [0, 0, 1.0]]) for name in ScoreName},
    }
    return courses(
        replace(case, world=world), Budget.FEW, replace(scores, tables=tables), COSTS, Fits()
    )


def test_scores_try_what_is_best_elsewhere_first_and_pay_for_each():
    course = found(0.2)[ScoreName.LOGME]
    # Load, ten images and the score: of the default, of expert b, which costs more, of expert a.
    assert [at for at, _ in course] == pytest.approx([2.5, 2.5 + 5.5, 8.0 + 2.5])
    assert [model for _, model in course] == [0, 2, 1]


def test_what_is_best_on_average_takes_no_time():
    assert found(0.2)[STATIC] == [(0.0, 0)]


def test_ours_pays_for_embedding_and_for_the_defaults_probe():
    course = found(0.2)[OURS]
    assert course[0] == (5.0, 0)
    first = course[1][0] - 5.0 - 3.0
    # One probe, beside the default's: with the scores that it needs, two of half a second.
    assert first == pytest.approx(3.0) or first == pytest.approx(6.0)
    assert course[-1][1] == 1


def test_before_there_is_an_answer_the_default_is_taken():
    course = [(2.0, 1), (4.0, 2)]
    assert [taken_at(course, at, default=0) for at in (1, 2, 3, 4, 99)] == [0, 1, 1, 2, 2]
