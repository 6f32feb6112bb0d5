"""Prints the explanation of a recommendation."""

from typing import TYPE_CHECKING

from task2vec.cli.output import console, interval, percent, print_behind
from task2vec.cli.table import print_table

if TYPE_CHECKING:
    from task2vec.messages.explanations import ClassesJudged, Explanation
    from task2vec.recommend.answer import classes as hard_classes
    from task2vec.recommend.answer import explanation as told

_TITLES = {
    "outcomes": "Where each expected gain comes from (points):",
    "layers": "Distances to other tasks, layer by layer (symmetric):",
    "classes": "Hard classes:",
}
#: As many classes as fit a screen.
_SHOWN = 12


def print_explanation(explanation: "Explanation | told.Explanation") -> None:
    """Print the sentences, with a table of the layers and one of the classes."""
    out = console()
    for about, title in _TITLES.items():
        out.print()
        out.print(title, style="bold")
        for sentence in explanation.sentences:
            if sentence.about == about:
                print_behind("  ", sentence.text)
        for each in explanation.unknown:
            if each.about == about:
                print_behind("  ", f"Not known: {each.reason}.")
        if about == "layers" and explanation.layers:
            _print_layers(explanation)
        if about == "classes" and explanation.classes is not None:
            _print_classes(explanation.classes)
    out.print()


def _print_layers(explanation: "Explanation | told.Explanation") -> None:
    first = explanation.layers[0].by_layer.groups
    columns, rows = ["layers", "filters"], [[group.name, group.elements] for group in first]
    for compared in explanation.layers:
        columns += [f"distance to {compared.task}", "share"]
        groups = compared.by_layer.groups
        for i, row in enumerate(rows):
            group = groups[i]
            error = "" if group.standard_error is None else f" ± {group.standard_error:.3f}"
            row += [f"{max(0.0, group.distance):.3f}{error}", percent(group.share)]
    print_table(columns, rows)


def _print_classes(classes: "ClassesJudged | hard_classes.ClassesJudged") -> None:
    shown = classes.classes[:_SHOWN]
    print_table(
        ["class", "images", "recognised", "joint 95 % interval", "hard", "most often taken for"],
        [
            (
                each.name,
                each.images,
                percent(each.accuracy),
                interval(each.interval),
                each.hard,
                "-"
                if each.taken_for is None
                else f"{each.taken_for.name} ({each.taken_for.images})",
            )
            for each in shown
        ],
    )
    if len(shown) < len(classes.classes):
        console().print(f"{len(shown)} of {len(classes.classes)} classes; `--json` lists all.")
