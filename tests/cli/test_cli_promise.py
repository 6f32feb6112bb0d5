"""The demo says what it expected, what came, and whether its interval held."""

import pytest

from task2vec.cli.promise import print_promise
from task2vec.wire.recommendations import Recommendation


def expecting(gain: float, low: float, high: float) -> Recommendation:
    return Recommendation(
        model="expert",
        ref="r",
        score=0.16,
        score_sd=0.04,
        gain_interval=(0.1, 0.2),
        predicted_accuracy=None,
        interval=None,
        fine_tuned_gain=gain,
        fine_tuned_interval=(low, high),
        fine_tuned_accuracy=None,
        fine_tuned_accuracy_interval=None,
        evidence=(),
    )


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (0.028, "The expected interval held: +2.8 points, measured on 216 test images, is within"),
        (-0.101, "The expected interval did not hold: -10.1 points, measured on 216 test images,"),
        (0.201, "The expected interval did not hold: +20.1 points"),
    ],
)
def test_expected_and_measured_stand_side_by_side(
    capsys: pytest.CaptureFixture[str], measured: float, verdict: str
) -> None:
    print_promise(
        expecting(0.05, -0.1, 0.2),
        level=0.9,
        measured=(measured, measured - 0.04, measured + 0.04),
        images=216,
    )
    said = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line}

    assert rows["expected"] == ["expected", "+5.0", "-10.0", "to", "+20.0", "(90", "%)"]
    assert rows["measured"][1] == f"{100 * measured:+.1f}"
    assert verdict in said
