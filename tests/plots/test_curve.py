import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from task2vec.errors import InputError
from task2vec.messages.information import CurvePoint
from task2vec.plots.curve import compose_curve


def point(beta: float, loss: float, loss_error: float, nats: float, converged: bool = True):
    return CurvePoint(
        **{"beta": beta, "loss": loss, "loss_error": loss_error, "nats": nats},
        **{"converged": converged, "rounds": 3, "gradient": 0.1, "error": 0.1},
    )


CURVE = (
    point(beta=1e-3, loss=1.4, loss_error=0.05, nats=2.0e6),
    point(beta=1e-7, loss=0.01, loss_error=0.001, nats=7.1e6),
    point(beta=1e-5, loss=0.15, loss_error=0.02, nats=4.0e6, converged=False),
)


def texts(figure: Figure) -> dict[str, Text]:
    return {text.get_text(): text for text in figure.findobj(Text) if text.get_text()}


def spots(figure: Figure) -> np.ndarray:
    """The points' positions, in the order in which they are drawn."""
    return np.array([c.get_offsets()[0] for c in figure.axes[0].collections])


def test_every_point_lies_where_its_numbers_say():
    figure = compose_curve(CURVE, loss_of_guessing=1.6, nats_of_place=1.6e6)
    x, y = spots(figure).T
    ordered = sorted(CURVE, key=lambda point: point.beta)
    for found, numbers in (
        (x, [point.nats for point in ordered]),
        (y, [point.loss for point in ordered]),
    ):
        fit = np.polyfit(numbers, found, 1)
        assert fit[0] > 0
        np.testing.assert_allclose(np.polyval(fit, numbers), found, atol=1e-6)
    # The axes' own numbers agree: the tick at 4 million nats is where such a point is.
    drawn = texts(figure)
    assert drawn["4"].get_position()[0] == pytest.approx(x[1])
    assert "information in the weights, million nats" in drawn
    assert drawn["1"].get_position()[1] == pytest.approx(
        np.interp(1.0, [point.loss for point in ordered], y)
    )


def test_labels_tell_the_betas_and_lie_beside_their_points():
    figure = compose_curve(CURVE)
    labels = figure.findobj(lambda artist: artist.get_gid() == "label")
    assert [label.get_text() for label in labels] == ["β = 1e-07", "β = 1e-05", "β = 0.001"]
    for label, spot in zip(labels, spots(figure), strict=True):
        assert np.hypot(*(np.array(label.get_position()) - spot)) < 120


def test_what_has_not_converged_is_said():
    assert any("A cross has not converged" in text for text in texts(compose_curve(CURVE)))
    done = compose_curve(CURVE[:2])
    assert not any("cross" in text for text in texts(done))


def test_one_point_is_a_curve_too():
    assert len(spots(compose_curve(CURVE[:1]))) == 1
    assert len(spots(compose_curve(CURVE[:1], nats_of_place=CURVE[0].nats))) == 1


@pytest.mark.parametrize(
    "points", [(), (point(beta=1e-3, loss=float("nan"), loss_error=0.1, nats=1.0),)]
)
def test_nothing_to_draw(points):
    with pytest.raises(InputError, match="no curve"):
        compose_curve(points)
