"""What answers are told in: numbers, marks and sentences that all surfaces share."""

import math
from collections.abc import Sequence

from task2vec.data.wording import plural
from task2vec.messages.backtests import Backtest
from task2vec.messages.neighbours import Distances, Neighbours


def number(value: float | None, digits: int = 3) -> str:
    """Return a number for a person; a dash where there is none."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """Return a fraction in per cent."""
    return "-" if value is None else f"{100 * value:.1f} %"


def interval(value: tuple[float, float] | None) -> str:
    """Return an interval of fractions in per cent."""
    return "-" if value is None else f"{100 * value[0]:.1f} to {100 * value[1]:.1f} %"


def shown(distance: float | None) -> float | None:
    """Return a distance that is never negative for a person: one that noise made so is 0."""
    return distance if distance is None else max(0.0, distance)


def rank_marks(found: Neighbours) -> list[str]:
    """Return the ranks, those that several share with the mark ``=``."""
    ranks = [each.rank for each in found.neighbours]
    return [f"{rank}=" if ranks.count(rank) > 1 else f"{rank}" for rank in ranks]


def tie_note(marks: Sequence[str]) -> tuple[str, ...]:
    """Return the sentence that explains shared ranks, where there are any."""
    if not any(mark.endswith("=") for mark in marks):
        return ()
    return ("= shares its rank: as near as the first of that rank, within the noise.",)


def marked_names(found: Neighbours) -> list[str]:
    """Return the neighbours' names, with a mark on those that share images with the task."""
    return [f"{each.name} [i]" if each.shares_images else each.name for each in found.neighbours]


def shared_notes(found: Neighbours) -> tuple[str, ...]:
    """Return the sentences that explain these marks, a count for each."""
    sharing = [each for each in found.neighbours if each.shares_images]
    if not sharing:
        return ()
    counts = ", ".join(
        f"{each.name} has {each.shared_images:,} of them ({percent(each.shared_share)})"
        if each.shared_images
        else f"{each.name} is of the same files"
        for each in sharing
    )
    return (f"[i] shares images with {found.task}, and is near for that reason too: {counts}.",)


def distance_interval(value: tuple[float | None, float | None]) -> str:
    """Return an interval of distances for a person."""
    return " to ".join(number(shown(end)) for end in value)


def nats(value: float | None, error: float | None) -> str:
    """Return an information distance for a person, with its standard error where one is known.

    As `shown`, one that noise made negative is 0; it may be far below, and is told behind.
    """
    if value is None or not math.isfinite(value):
        return "-"
    noise = "" if error is None or not math.isfinite(error) else f" ± {error:,.0f}"
    return f"{value:,.0f}{noise}" if value >= 0 else f"0 (measured {value:,.0f}{noise})"


def information_cells(found: Distances) -> tuple[str, str]:
    """Return the information distances of both ways as `nats`."""
    both, error = found.information, found.information_standard_error
    return (
        nats(both.source_to_target, error.source_to_target),
        nats(both.target_to_source, error.target_to_source),
    )


def distance_notes(found: Distances) -> tuple[str, ...]:
    """Return the sentences below the distances of a pair: how sure, how near, how to read them."""
    standing: tuple[str, ...] = ()
    if found.compared:
        others = plural(found.compared, "other stored task")
        farther = found.compared - found.nearer
        standing = (f"{found.target} is nearer to {found.source} than {farther:,} of {others}.",)
    return (
        "symmetric: 0 is the same task, 1 has nothing in common. Standard error "
        f"{number(found.standard_error)}, 95 % interval {distance_interval(found.interval)}.",
        *standing,
        "asymmetric: smaller is a better start for the second task. Complexity "
        f"{number(found.complexity.source)} ({found.source}), "
        f"{number(found.complexity.target)} ({found.target}).",
        "information: what a network that knows the first task has to learn for the second. Only "
        "compare it with that of other pairs: smaller is less.",
    )


def same_images_note(found: Distances) -> str:
    """Return the sentence that says why the distances of a pair are 0."""
    return (
        f"{found.source} and {found.target} were embedded from the same images with the same "
        "labels: they are one task, at distance 0."
    )


def shared_pairs_note(found: Backtest) -> tuple[str, ...]:
    """Return the sentence that says how many pairs of tasks are no evidence for one another."""
    pairs = found.shared_pairs
    if not pairs:
        return ()
    share = "1 pair of tasks shares" if pairs == 1 else f"{pairs:,} pairs of tasks share"
    return (f"{share} images: what is hidden of one is hidden of the other, too.",)
