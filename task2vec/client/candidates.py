"""The candidates of a recommendation as a table, and its evidence in a line."""

from collections.abc import Sequence

from task2vec.client.wording import percent
from task2vec.data.wording import plural
from task2vec.messages.recommendations import Evidence, Recommendation, Recommended

#: What is said of the strongest piece of evidence, the strongest first.
_KNOWN_BY = {
    "fine_tuning": "fine-tuned",
    "linear_probe": "probed",
    "outcome": "outcomes",
    "source_task": "its task",
    "published": "published",
}
FINE_TUNED = "after fine-tuning (points)"


def candidate_columns(answer: Recommended, *, full: bool = False) -> list[str]:
    """Return the names of the columns; ``full`` adds the expected gain of fine-tuning."""
    return [
        *("starting model", "linear-probe gain (points)", f"{100 * answer.level:.0f} % interval"),
        *([FINE_TUNED] if full else []),
        "known by",
    ]


def candidate_rows(
    answer: Recommended, *, most: int | None = None, full: bool = False
) -> list[tuple[str, ...]]:
    """Return a row for each candidate, or for the ``most`` first."""
    return [_row(each, full=full) for each in answer.recommendations[:most]]


def _row(each: Recommendation, *, full: bool) -> tuple[str, ...]:
    tuned = [f"{_points(each.fine_tuned_gain)} ({_between(each.fine_tuned_interval)})"]
    if each.fine_tuned_interval[0] == each.fine_tuned_interval[1]:
        # Nothing is to be known of the gain of the default over itself.
        return (each.model, "0.0", "-", *(["-"] if full else []), "the default")
    return (
        each.model,
        _points(each.score),
        _between(each.gain_interval),
        *(tuned if full else []),
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
    ends = chosen.fine_tuned_accuracy_interval
    within = "" if ends is None else f" ({100 * ends[0]:.1f} to {100 * ends[1]:.1f} %)"
    images = chosen.accuracy_images
    on = "" if images is None else plural(images, "image")
    by = on and f", estimated by a linear probe on {on}"
    return (
        f"Expected accuracy after fine-tuning: {percent(chosen.fine_tuned_accuracy)}{within}{by}."
    )


def table_note(answer: Recommended) -> str:
    """Return what the gains of the table are, and the level of all intervals."""
    return (
        "Linear probe: on frozen features. Gains: over the default. "
        f"Intervals: {100 * answer.level:.0f} %."
    )


def evidence_line(answer: Recommended) -> str:
    """Return the strongest evidence for the answer, in a line."""
    chosen = _chosen(answer)
    if answer.abstained or chosen is None:
        compared = plural(len(answer.recommendations), "model")
        probes = f", {answer.probed} of them by linear probes on your images"
        return f"Evidence: {compared} compared{probes if answer.probed else ''}."
    piece = _strongest(chosen.evidence)
    on = "your images" if piece is None or not piece.images else f"{piece.images} of your images"
    match None if piece is None else str(piece.kind):
        case "fine_tuning":
            told = f"a short fine-tuning, tested on {on}"
        case "linear_probe":
            told = f"a linear probe, cross-validated on {on}"
        case "outcome" if piece is not None:
            told = f"recorded outcomes, such as those on {piece.task or 'this task'}"
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
    return f"{100 * gain:+z.1f}"


def _between(ends: tuple[float, float]) -> str:
    return f"{_points(ends[0])} to {_points(ends[1])}"
