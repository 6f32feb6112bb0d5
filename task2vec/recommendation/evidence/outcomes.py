"""Outcomes that count less than they seem: recorded twice, or without one of the default.

They are of models and tasks by id, or all by name.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from task2vec.data.wording import EXAMPLES, few, plural, shown, typed
from task2vec.messages.outcomes import Outcome

AnyOutcome = TypeVar("AnyOutcome", bound=Outcome)


def what_was_measured(outcome: Outcome) -> Hashable:
    """Return what two outcomes have in common that are one measurement, recorded twice."""
    return (
        *(outcome.model, outcome.task, outcome.protocol),
        *(outcome.accuracy, outcome.interval, outcome.images, outcome.seed),
    )


def repeats_among(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Return, by the id of each outcome that repeats an earlier one, the id of the first of these.

    ``outcomes`` are in the order in which they came.
    """
    first: dict[Hashable, str] = {}
    repeats = {}
    for outcome in outcomes:
        original = first.setdefault(what_was_measured(outcome), outcome.id)
        if original != outcome.id:
            repeats[outcome.id] = original
    return repeats


def repeated_warning(count: int) -> list[str]:
    """Return the warning that ``count`` outcomes say nothing new, [] where it is 0."""
    if not count:
        return []
    verb = "was" if count == 1 else "were"
    return [
        f"{plural(count, 'outcome')} {verb} recorded already, with the same accuracy, protocol, "
        "images and seed: that is one measurement, and counts once. Give true repeats a seed each"
    ]


def without_default(
    outcomes: Iterable[AnyOutcome], default: str, *, among: Iterable[Outcome] = ()
) -> list[AnyOutcome]:
    """Return the outcomes that the ``default`` has no counterpart of, in them or ``among`` more."""
    own = list(outcomes)
    every: list[Outcome] = [*own, *among]
    baselines = {(o.task, o.protocol) for o in every if o.model == default}
    return [o for o in own if o.model != default and (o.task, o.protocol) not in baselines]


def unused_warning(
    unused: Sequence[Outcome], default: str, *, name_of: Callable[[str], str] = str
) -> list[str]:
    """Return the warning that outcomes are not used, [] for none of them.

    ``default`` is the default's name, and ``name_of`` returns that of a task.
    """
    if not unused:
        return []
    counts = Counter(outcome.protocol for outcome in unused).most_common()
    parts = []
    for protocol, count in counts[:EXAMPLES]:
        tasks = list(dict.fromkeys(o.task for o in unused if o.protocol == protocol))
        names = few(tasks, lambda task: shown(name_of(task)))
        parts.append(f"{count:,} of protocol '{shown(protocol)}' on {names}")
    if len(counts) > EXAMPLES:
        parts.append(f"{sum(count for _, count in counts[EXAMPLES:]):,} of other protocols")
    most = counts[0][0]
    task = name_of(next(o.task for o in unused if o.protocol == most))
    one = len(unused) == 1
    return [
        f"{plural(len(unused), 'outcome')} {'is' if one else 'are'} not used: the default, "
        f"{default}, has no outcome of the same protocol on the same task ({'; '.join(parts)}). "
        f"To use {'it' if one else 'them'}, record the default's: `task2vec outcomes add {default} "
        f"{typed(task)} --accuracy A --protocol {typed(most)}`. To see "
        f"{'it' if one else 'them'}: `task2vec outcomes list --protocol {typed(most)}`"
    ]


def unused_note(concerned: Iterable[Outcome]) -> list[str]:
    """Return what an answer says of `unused_warning` in short, [] where there are none."""
    unused = list(concerned)
    if not unused:
        return []
    (most, count), *others = Counter(outcome.protocol for outcome in unused).most_common()
    rest = sum(number for _, number in others)
    more = f", and {rest:,} of other protocols," if rest else ""
    verb = "is" if len(unused) == 1 else "are"
    return [
        f"{plural(count, 'outcome')} of protocol '{shown(most)}'{more} {verb} not used: the "
        "default has none on the same task. See `task2vec outcomes list`"
    ]
