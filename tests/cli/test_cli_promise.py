"""The demo says what it expected, what came, and whether its interval held."""

import pytest

from task2vec.cli.demo import print_promise
from task2vec.messages.recommendations import RecipePlan, Recommendation
from task2vec.types.tuning import Recipe


def expecting(gain: float, low: float, high: float) -> Recommendation:
    plan = RecipePlan(
        recipe=Recipe.ALL_LAYERS,
        accuracy=None,
        accuracy_interval=None,
        gain=gain,
        gain_interval=(low, high),
    )
    return Recommendation(
        model="expert", ref="r", score=0.16, score_sd=0.04, plans=(plan,), evidence=()
    )


@pytest.mark.parametrize(
    ("measured", "verdict", "better"),
    [
        (0.028, "The expectation held", "expert and the default differ on this task by no more"),
        # The intervals together reach as far as hypot(0.15, 0.0336) from the expected gain.
        (-0.103, "The expectation held", "the default is better on this task than expert"),
        (-0.104, "The expectation did not hold", "the default is better on this task than expert"),
        (0.204, "The expectation did not hold", "expert is better on this task than the default"),
        (0.041, "The expectation held", "expert is better on this task than the default"),
    ],
)
def test_expected_and_measured_stand_side_by_side(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    measured: float,
    verdict: str,
    better: str,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_promise(
        expecting(0.05, -0.1, 0.2),
        level=0.9,
        measured=(measured, measured - 0.04, measured + 0.04),
        images=216,
    )
    said = capsys.readouterr().out
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line}

    assert rows["expected"][-6:] == ["+5.0", "-10.0", "to", "+20.0", "(90", "%)"]
    assert rows["measured"][:5] == ["measured", "on", "216", "images", f"{100 * measured:+.1f}"]
    assert f"{verdict}: the measured gain" in " ".join(said.split())
    assert better in " ".join(said.split())
    assert max(map(len, said.splitlines())) <= 80
