"""Pictures of the report for the documents: ``python -m research.transfer.pictures``."""

import json
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from research import RESULTS

OUT = Path(__file__).parents[2] / "docs" / "pictures"
SHOWN = ("static_average", "nearest_only", "near_outcomes_5", "leep", "logme", "ridge_error")
FOLDS = {"task": "relatives in the zoo", "family": "whole family left out"}
_OURS, _OTHERS = "#1b5e9b", "#767676"


def main() -> None:
    """Draw gains by ranker, and what linear probes buy."""
    result = json.loads((RESULTS / "transfer_report.json").read_text(encoding="utf-8"))["result"]
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    axes = figure.subplots(2, 2)
    for column, (folds, title) in enumerate(FOLDS.items()):
        found = result["few"][folds]["both"]
        _gains(axes[0][column], found["rankers"])
        _probes(axes[1][column], found)
        axes[0][column].set_title(title)
    figure.savefig(OUT / "transfer.png", dpi=130)


def _gains(axes: Axes, rankers: dict[str, Any]) -> None:
    names = [*SHOWN, "task2vec", "task2vec, all probes"]
    for place, name in enumerate(names):
        value, low, high = rankers[name]["gain_points"]
        colour = _OURS if name.startswith("task2vec") else _OTHERS
        axes.plot([low, high], [place, place], color=colour)
        axes.plot([value], [place], "o", color=colour)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("gain over the default, points (95 %)")


def _probes(axes: Axes, found: dict[str, Any]) -> None:
    rankers = found["rankers"]
    ours = [("0", "task2vec"), *_ours(rankers)]
    values = [rankers[name]["headroom_captured"][0] for _, name in ours]
    axes.plot(range(len(ours)), values, "o-", color=_OURS, label="task2vec")
    for style, name in ((":", "logme"), ("--", "ridge_error"), ("-.", "linear_probe")):
        value = rankers[name]["headroom_captured"][0]
        label = f"{name.replace('_', ' ')} of all models"
        axes.axhline(value, linestyle=style, color=_OTHERS, label=label)
    axes.set_xticks(range(len(ours)), [probes for probes, _ in ours])
    axes.set_xlabel("linear probes, at most")
    axes.set_ylabel("headroom captured")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.legend(fontsize="x-small", loc="lower right")


def _ours(rankers: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (name.removeprefix("task2vec, ").removesuffix(" probes"), name)
        for name in rankers
        if name.startswith("task2vec, ") and name.endswith(" probes")
    ]


if __name__ == "__main__":
    main()
