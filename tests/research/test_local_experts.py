"""What the documents say of experts for a fresh store is what was measured."""

import json
from pathlib import Path
from typing import Any

import pytest

from research.local_experts import OUT
from task2vec.cli.experts import TASKS

ROOT = Path(__file__).parents[2]
DECISION = ROOT / "docs/adr/0055-experts-for-a-fresh-store.md"
CASES = ("family, few", "superfamily, few", "family, all", "superfamily, all")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return json.loads(OUT.read_text(encoding="utf-8"))


def test_the_experts_are_those_that_the_command_makes(document: dict[str, Any]) -> None:
    assert document["tasks"] == list(TASKS)


@pytest.mark.parametrize("left_out", ["family", "superfamily"])
def test_they_pay_with_few_images_alone(document: dict[str, Any], left_out: str) -> None:
    few, many = (document["result"][f"{left_out}, {images}"] for images in ("few", "all"))
    assert few["with experts"]["8"]["trained_gain_points"][1] > 0
    assert many["with experts"]["8"]["trained_gain_points"][1] < 0
    # Before a probe they change nothing.
    assert few["with experts"]["0"] == few["without experts"]["0"]


@pytest.mark.parametrize(
    ("line", "figure"),
    [("linear probe", "gain_points"), ("all layers trained", "trained_gain_points")],
)
@pytest.mark.parametrize("store", ["without experts", "with experts"])
def test_the_table_has_the_measured_gains(
    document: dict[str, Any], line: str, figure: str, store: str
) -> None:
    gains = [document["result"][case][store]["8"][figure] for case in CASES]
    cells = ["{:.1f} [{:.1f}, {:.1f}]".format(*gain).replace("-0.0", "0.0") for gain in gains]
    assert f"| {line}, {store} | {' | '.join(cells)} |" in DECISION.read_text(encoding="utf-8")
