"""The picture of a backtest: every ranker is named, on one scale,."""

import numpy as np
import pytest

from task2vec.errors import InputError
from task2vec.messages.backtests import (
    Advantage,
    AdvantageEnds,
    Coverage,
    RankerEnds,
    RankerScore,
)
from task2vec.plots.backtest import compose_backtest


def ranker(name, gain, low, high, *, ours=False):
    """Return a ranker of a gain in points, with the ends of its interval."""
    ends = RankerEnds(
        weighted_kendall=(0, 0),
        regret_at_1=(0, 0),
        regret_at_3=(0, 0),
        top_1=(0, 0),
        gain=(low / 100, high / 100),
        headroom_captured=None,
    )
    above = AdvantageEnds(weighted_kendall=(0, 0), gain=(0, 0))
    return RankerScore(
        name=name,
        weighted_kendall=0,
        regret_at_1=0,
        regret_at_3=0,
        top_1=0,
        gain=gain / 100,
        headroom_captured=None,
        ci=ends,
        ours_minus=None if ours else Advantage(weighted_kendall=0, gain=0, ci=above),
    )


GAINS = [
    ranker("always_default", 0, 0, 0),
    ranker("static_average", -2, -4, 1),
    ranker("task2vec", 4, 1, 8, ours=True),
]
COVERAGE = [
    Coverage(level=0.8, observed=0.75, ci=(0.6, 0.9)),
    Coverage(level=0.9, observed=0.95, ci=(0.9, 1.0)),
]


def marks(figure):
    """Return the centres of the marks, in the order in which they were drawn."""
    return np.array([c.get_offsets()[0] for c in figure.axes[0].collections])


def test_every_ranker_is_named_and_its_mark_tells_its_gain():
    figure = compose_backtest(GAINS, COVERAGE, title="A zoo")
    labels = [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "label"]
    assert labels == [each.name for each in GAINS]
    found = marks(figure)
    default, static, ours = found[:3]
    # One scale for all: 4 points to the right are as wide as 2 points to the left are, twice.
    assert ours[0] - default[0] == pytest.approx(2 * (default[0] - static[0]))
    assert default[1] > static[1] > ours[1]
    # 80 and 90 % stated, 75 and 95 % observed, on axes of equal scale.
    (x, y), (x_, y_) = found[3:]
    assert (y_ - y) / (x_ - x) == pytest.approx(0.2 / 0.1)


def test_without_stated_intervals_there_is_one_panel():
    assert len(marks(compose_backtest(GAINS, []))) == 3


@pytest.mark.parametrize("bad", [[], [ranker("a", float("nan"), 0, 0)]])
def test_nothing_to_draw(bad):
    with pytest.raises(InputError, match="no backtest"):
        compose_backtest(bad, [])
