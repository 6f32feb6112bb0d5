"""Who asks, in which order, and what is evaluated of each answer."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from research.development.tasks import DevelopmentTask

#: Seconds to measure in, in the mode that has any: what issue 16 asks for.
SECONDS = 60.0
#: Images of a class; None stands for two thirds of all, at most 480.
SHOTS: tuple[int | None, ...] = (5, None)

_ALL = "all"


class Setting(StrEnum):
    """What the zoo and its outcomes know beside the target itself."""

    RELATIVE = "relative in the zoo"
    FAMILY = "family unknown"
    SUPERFAMILY = "superfamily unknown"


class Rule(StrEnum):
    """Who takes a model: the product in four modes, then simpler rules."""

    UNMEASURED = "task2vec, no probe"
    TWO_PROBES = "task2vec, 2 probes"
    EIGHT_PROBES = "task2vec, 8 probes"
    TIMED = "task2vec, 60 s"
    DEFAULT = "always the default"
    LOGME = "LogME"
    RIDGE = "ridge error"
    PROBED = "random subset probed"
    STATIC = "static average"
    NEAREST = "nearest only"

    @property
    def ours(self) -> bool:
        """Whether it is the product."""
        return self in PROBES or self is Rule.TIMED


#: Models that are probed, beside the default, in the modes without a clock.
PROBES: Mapping[Rule, int] = {
    Rule.UNMEASURED: 0,
    Rule.TWO_PROBES: 2,
    Rule.EIGHT_PROBES: 8,
}


#: The rules whose models are trained, by setting. In these settings all of them answer.
Scope = Mapping[Setting, tuple[Rule, ...]]

_ENDS = (Rule.UNMEASURED, Rule.TIMED, Rule.DEFAULT)
_RIVALS = (Rule.LOGME, Rule.RIDGE, Rule.STATIC)
#: What the goals name. To save time nobody asks with the family alone unknown, which lies between
#: the two other settings, and what two probes, a random subset that is probed, or the nearest
#: expert take is trained only where another rule takes it, too.
FEW: Scope = {
    Setting.RELATIVE: (*_ENDS, Rule.EIGHT_PROBES, *_RIVALS),
    Setting.SUPERFAMILY: (*_ENDS, *_RIVALS),
}
#: A training on many images takes a minute: the goals compare it with the default.
MANY: Scope = {Setting.RELATIVE: (*_ENDS, Rule.LOGME), Setting.SUPERFAMILY: _ENDS}


def scope_of(shots: int | None) -> Scope:
    """Return what is trained with so many images a class."""
    return MANY if shots is None else FEW


@dataclass(frozen=True)
class Trial:
    """Somebody with ``shots`` images of each class of a target, None for all.

    ``draw`` says which images. ``relative`` is another task of the target's family, of which the
    zoo has an expert in one setting; None where there is none.
    """

    target: str
    shots: int | None
    draw: int
    relative: str | None

    @property
    def key(self) -> tuple[str, str, int]:
        """What tells it from all others, as tables have it."""
        return self.target, shots_text(self.shots), self.draw


def shots_text(shots: int | None) -> str:
    """Return images of a class as tables have them."""
    return _ALL if shots is None else str(shots)


def shots_of(text: str) -> int | None:
    """Return what `shots_text` was given."""
    return None if text == _ALL else int(text)


def trials(
    tasks: Mapping[str, DevelopmentTask],
    *,
    shots: tuple[int | None, ...] = SHOTS,
    draws: int = 1,
    only: frozenset[str] | None = None,
    part: tuple[int, int] = (1, 1),
) -> Iterator[Trial]:
    """Yield who asks: one task of each family first, in random order, then a second of each.

    The order depends on the tasks alone. All numbers of images of a task follow one another, since
    they share what is loaded. Further draws begin once every task was asked about. ``only`` some of
    the tasks ask; the others are still their relatives. ``part`` (1, 2) is every other of those who
    ask, and (2, 2) the rest: two processes share the work so.
    """
    number, parts = part
    asked = -1
    rng = np.random.default_rng(zlib.crc32(b"final evaluation"))
    families: dict[str, list[str]] = {}
    for name in sorted(tasks):
        families.setdefault(tasks[name].family, []).append(name)
    orders = {family: rng.permutation(names).tolist() for family, names in families.items()}
    rounds = max(map(len, orders.values()), default=0)
    turns = [rng.permutation(list(orders)).tolist() for _ in range(rounds)]
    for draw in range(draws):
        for turn, members in enumerate(turns):
            for family in members:
                names = orders[family]
                if turn >= len(names) or (only is not None and names[turn] not in only):
                    continue
                asked += 1
                if asked % parts != number - 1:
                    continue
                # The next of the family, so that each is a relative of one.
                relative = names[(turn + 1) % len(names)] if len(names) > 1 else None
                for each in shots:
                    yield Trial(names[turn], each, draw, relative)
