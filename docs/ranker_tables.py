"""The tables of rankers on the page "does it work?", and how its estimates are written."""

from collections.abc import Iterator, Mapping
from typing import Any

from docs.markdown import table

#: Whose silence is judged in the text.
_JUDGED = ("task2vec", "task2vec, 8 probes")
_HALVES = {"report": "the reporting half", "both": "all targets"}
_HEAD = (
    "ranker",
    "weighted tau",
    "gain over the default, points",
    "headroom captured",
    "regret at 1, at 3",
    "default taken",
    "gain of task2vec over it",
)
BUDGETS = {"few": "5 images per class", "all": "two thirds of the images"}
FOLDS = {
    "task": "relatives in the zoo",
    "family": "family left out",
    "superfamily": "all families of its kind left out",
}

Found = Mapping[str, Any]


def sections(result: Found) -> Iterator[str]:
    """Yield the headings, sentences and tables of all halves, budgets and folds."""
    for half, of_half in _HALVES.items():
        for budget, images in BUDGETS.items():
            for folds in result[budget]:
                left = FOLDS[folds]
                found = result[budget][folds][half]
                yield f"### {images.capitalize()}, {left}, {of_half}"
                yield _lead(found)
                yield _silence(found["abstention"])
                yield table(_HEAD, (_row(name, row) for name, row in found["rankers"].items()))


def _lead(found: Found) -> str:
    ours = found["rankers"]["task2vec"]
    covered = "; ".join(
        f"{float(level):.0%} intervals held {value:.0%} [{low:.0%}, {high:.0%}]"
        for level, (value, low, high) in ours["coverage"].items()
    )
    return (
        f"{found['targets']} targets. The best model gains {points(found['oracle_gain_points'])} "
        f"points, picked on one half of the evidence and measured on the other; the halves agree "
        f"with a weighted tau of {plain(found['noise_ceiling'])}. Of task2vec, {covered}."
    )


def _silence(found: Found) -> str:
    """Return what it cost to take the default, without a probe and after eight."""
    told = (
        f"of {name}, {points(each['loss_points'])} points behind "
        f"{each['best_baseline'].replace('_', ' ')}, while it gains "
        f"{points(each['gain_otherwise_points'])} elsewhere"
        for name, each in ((name, found[name]) for name in _JUDGED)
        if each is not None
    )
    sentence = "; ".join(told)
    return (
        "Where the default is taken, against the best rule that sees no image, known afterwards: "
        f"{sentence}."
        if sentence
        else "The default is always taken, or never."
    )


def _row(name: str, row: Found) -> tuple[str, ...]:
    return (
        name.replace("_", " "),
        plain(row["weighted_tau"]),
        points(row["gain_points"]),
        plain(row["headroom_captured"]),
        f"{row['regret_at_1_points']:.1f}, {row['regret_at_3_points']:.1f}",
        f"{row['default_taken']:.0%}",
        points(row["gain_of_task2vec_over_it"]),
    )


def plain(estimate: list[float]) -> str:
    """Return an estimate with its interval, as a number."""
    value, low, high = estimate
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


def points(estimate: list[float]) -> str:
    """Return an estimate with its interval, in points and with a sign."""
    value, low, high = estimate
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"


def percents(estimate: list[float]) -> str:
    """Return an estimate with its interval, a share in percent."""
    value, low, high = estimate
    return f"{value:.0%} [{low:.0%}, {high:.0%}]"
