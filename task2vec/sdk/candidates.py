"""The candidates of a recommendation as a table, and its evidence in a line."""

from collections.abc import Sequence

from task2vec.data.wording import plural
from task2vec.sdk.wording import percent
from task2vec.wire.recommendations import Evidence, Recommendation, Recommended

#: What is said of the strongest piece of evidence, the strongest first.
_KNOWN_BY = {
    "fine_tuning": "fine-tuned",
    "linear_probe": "probed",
    "outcome": "outcomes",
    "source_task": "its task",
    "published": "published",
}
LINEAR_PROBE = "linear probe (points)"


def candidate_columns(answer: Recommended) -> list[str]:
    """Return the names of the columns."""
    return [
        *("starting model", "fine-tuned gain (points)", f"{100 * answer.level:.0f} % interval"),
        *(LINEAR_PROBE, "known by"),
    ]


def candidate_rows(answer: Recommended, *, most: int | None = None) -> list[tuple[str, ...]]:
    """Return a row for each candidate, or for the ``most`` first."""
    return [_row(each) for each in answer.recommendations[:most]]


def _row(each: Recommendation) -> tuple[str, ...]:
    if each.fine_tuned_interval[0] == each.fine_tuned_interval[1]:
        # Nothing is to be known of the gain of the default over itself.
        return (each.model, "0.0", "-", "-", "the default")
    return (
        each.model,
        _points(each.fine_tuned_gain),
        _between(each.fine_tuned_interval),
        f"{_points(each.score)} ± {100 * each.score_sd:.1f}",
        _known_by(each),
    )


def verdict(answer: Recommended) -> str:
    """Return what to take."""
    taken = "Take the default" if answer.abstained else "Recommended"
    return f"{taken}: {answer.chosen}"


def promise(answer: Recommended) -> str | None:
    """Return what fine-tuning the chosen model is expected to give, None where nothing says."""
    chosen = _chosen(answer)
    if chosen is None or chosen.fine_tuned_accuracy is None:
        return None
    low, high = chosen.fine_tuned_accuracy_interval or (None, None)
    return (
        f"Expected accuracy after fine-tuning: {percent(chosen.fine_tuned_accuracy)} "
        f"({percent(low)} to {percent(high)})."
    )


def evidence_line(answer: Recommended) -> str:
    """Return the strongest evidence for the answer, in a line."""
    chosen = _chosen(answer)
    if answer.abstained or chosen is None:
        compared = plural(len(answer.recommendations), "model")
        probes = f", {answer.probed} of them by linear probes on your images"
        return f"Evidence: {compared} compared{probes if answer.probed else ''}."
    piece = _strongest(chosen.evidence)
    gained = "" if piece is None or piece.gain is None else f" {_points(piece.gain)} points"
    match None if piece is None else str(piece.kind):
        case "fine_tuning":
            told = f"a short fine-tuning on your images:{gained} over the default"
        case "linear_probe":
            told = f"a linear probe on your images:{gained} over the default"
        case "outcome" if piece is not None:
            told = f"recorded outcomes, such as{gained} on {piece.task or 'this task'}"
        case "source_task" if piece is not None:
            told = piece.text
        case "published":
            told = "its published accuracy only"
        case _:
            told = "none"
    return f"Evidence: {told}."


def _chosen(answer: Recommended) -> Recommendation | None:
    return next((each for each in answer.recommendations if each.model == answer.chosen), None)


def _strongest(evidence: Sequence[Evidence]) -> Evidence | None:
    order = list(_KNOWN_BY)
    known = [piece for piece in evidence if piece.kind in order]
    return min(known, key=lambda piece: order.index(piece.kind), default=None)


def _known_by(candidate: Recommendation) -> str:
    piece = _strongest(candidate.evidence)
    return "-" if piece is None else _KNOWN_BY[piece.kind]


def _points(gain: float) -> str:
    return f"{100 * gain:+.1f}"


def _between(ends: tuple[float, float]) -> str:
    return f"{_points(ends[0])} to {_points(ends[1])}"
