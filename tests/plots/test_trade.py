"""The picture of accuracy against cost: every model where it belongs, steps over the best."""

import numpy as np
import pytest

from task2vec.errors import InputError
from task2vec.plots.style import PALETTE
from task2vec.plots.trade import Traded, compose_trade

MODELS = [
    Traded("small", 0.6, 1e6, best=True),
    Traded("default", 0.65, 4e6, default=True),
    Traded("middle", 0.7, 1e7, best=True),
    Traded("beaten", 0.5, 1e8),
    Traded("large", 0.9, 1e8, best=True),
]


def labels(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_gid() == "label"]


def marks(figure):
    """Return the centres of the marks: beaten ones, the best by cost, then the default."""
    return np.array([c.get_offsets()[0] for c in figure.axes[0].collections])


def test_a_factor_of_cost_is_a_way_to_the_right_and_a_point_one_up():
    beaten, small, middle, large, default = marks(compose_trade(MODELS))
    assert middle[0] - small[0] == pytest.approx(large[0] - middle[0])
    assert default[0] - small[0] == pytest.approx((middle[0] - small[0]) * np.log10(4))
    assert large[1] - middle[1] == pytest.approx(2 * (middle[1] - small[1]))
    assert beaten[0] == large[0]
    assert beaten[1] < small[1]


def test_the_best_and_the_default_are_named():
    assert sorted(labels(compose_trade(MODELS))) == ["default", "large", "middle", "small"]


def test_steps_go_up_where_a_better_model_can_be_paid():
    figure = compose_trade(MODELS)
    (steps,) = [line for line in figure.axes[0].lines if line.get_color() == PALETTE[0]]
    xs, ys = steps.get_data()
    _, small, middle, large, _ = marks(figure)
    assert list(zip(xs, ys, strict=True))[:5] == [
        tuple(small), (middle[0], small[1]), tuple(middle), (large[0], middle[1]), tuple(large),
    ]  # fmt: skip
    assert ys[-1] == large[1]


def test_of_several_costs_the_steps_leave_out_who_is_beaten_in_this_one():
    slow = [*MODELS, Traded("few pixels", 0.55, 1e7, best=True)]
    figure = compose_trade(slow)
    (steps,) = [line for line in figure.axes[0].lines if line.get_color() == PALETTE[0]]
    heights = list(steps.get_data()[1])
    assert heights == sorted(heights)


@pytest.mark.parametrize(
    "bad",
    [[], [Traded("a", float("nan"), 1)], [Traded("a", 0.5, 0)], [Traded("a", 0.5, float("inf"))]],
)
def test_nothing_to_draw(bad):
    with pytest.raises(InputError, match="no trade"):
        compose_trade(bad)
