"""Promise against result: ``python -m research.final_evaluation.picture [--development]``."""

import argparse
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from research.final_evaluation.plan import Rule, shots_text
from research.final_evaluation.promises import Kept, of_accuracies, of_gains
from research.final_evaluation.results import Results, read_results
from research.final_evaluation.tables import DEVELOPMENT, FOLDER, FRESH

OUT = Path(__file__).parents[2] / "docs" / "pictures" / "promises.png"
_HELD, _MISSED = "#1b5e9b", "#b3401f"


def main() -> None:
    """Draw what is in the tables."""
    parser = argparse.ArgumentParser(prog="python -m research.final_evaluation.picture")
    parser.add_argument("--development", action="store_true", help="trials, not the fresh tasks")
    parser.add_argument("--tables", type=Path, default=FOLDER)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    kind = DEVELOPMENT if arguments.development else FRESH
    drawn(read_results(kind, arguments.tables)).savefig(arguments.out, dpi=130)


def drawn(results: Results) -> Figure:
    """Return the picture: what was promised of the model taken after 60 seconds, and what came."""
    rows = [row for row in results.promised if row.rule == Rule.TIMED.value and row.taken]
    lines = len(results.shots)
    figure = Figure(figsize=(9, 4.5 * lines), layout="constrained")
    axes = figure.subplots(lines, 2, squeeze=False)
    for line, shots in zip(axes, results.shots, strict=True):
        some = [row for row in rows if row.shots == shots_text(shots)]
        images = "all images" if shots is None else f"{shots} images per class"
        _against(line[0], of_accuracies(results, some), f"accuracy, {images}")
        _against(line[1], of_gains(results, some), f"gain over the default, {images}")
    return figure


def _against(axes: Axes, kept: list[Kept], title: str) -> None:
    """Draw a point for each promise, with its interval, and the noise of its test."""
    for each in kept:
        colour = _HELD if each.held else _MISSED
        promised, got = 100 * each.promised, 100 * each.got
        axes.plot([promised] * 2, [100 * each.low, 100 * each.high], color=colour, linewidth=0.6)
        axes.errorbar(
            [promised], [got], yerr=[100 * each.noise], fmt="o", color=colour, markersize=4
        )
    low, high = axes.get_xlim()
    axes.plot([low, high], [low, high], color="black", linewidth=0.8)
    axes.set_title(title, fontsize="medium")
    axes.set_xlabel("promised, points; the line is its 90 % interval")
    axes.set_ylabel("got on the test images")


if __name__ == "__main__":
    main()
