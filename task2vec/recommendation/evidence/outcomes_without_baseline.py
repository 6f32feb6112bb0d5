"""Outcomes that give no gain, since the default has none on the same task by the same protocol."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from task2vec.data.wording import EXAMPLES, few, plural, shown, typed


class Measured(Protocol):
    """What an outcome is of: all by id, or all by name."""

    @property
    def model(self) -> str:
        """The model that was measured."""

    @property
    def task(self) -> str:
        """The task that it was measured on."""

    @property
    def protocol(self) -> str:
        """How."""


AnyOutcome = TypeVar("AnyOutcome", bound=Measured)


def without_default(
    outcomes: Iterable[AnyOutcome], default: str, *, among: Iterable[Measured] = ()
) -> list[AnyOutcome]:
    """Return the outcomes that the ``default`` has no counterpart of, in them or ``among`` more."""
    own = list(outcomes)
    every: list[Measured] = [*own, *among]
    baselines = {(o.task, o.protocol) for o in every if o.model == default}
    return [o for o in own if o.model != default and (o.task, o.protocol) not in baselines]


def unused_warning(
    unused: Sequence[Measured], default: str, *, name_of: Callable[[str], str] = str
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


def unused_note(concerned: Iterable[Measured]) -> list[str]:
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
