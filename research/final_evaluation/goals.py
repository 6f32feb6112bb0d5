"""The goals that issue 16 set before the fresh tasks were evaluated, held against a report."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import inf
from typing import Any

from research.final_evaluation.plan import Rule, Setting, scope_of, shots_of

#: Shares of intervals that hold, of 90 % intervals.
COVERAGE = (0.86, 0.94)
#: Points by which promises may be off on average.
PROMISED = 1.0
#: Of the oracle's gain, with a relative in the zoo and few images.
SHARE = 0.6
#: Points that many images may lose against the default's standard recipe, and its share of steps.
LOSS, STEPS = -0.5, 0.6
#: What the interval's lower end may be with the superfamily unknown and nothing measured.
HARM = -0.5
#: Rules that are compared at the same seconds, where a relative is in the zoo.
RIVALS = (Rule.LOGME, Rule.RIDGE, Rule.STATIC)
#: Simple rules, of which the best is to be reached where a superfamily is unknown.
SIMPLE = (Rule.DEFAULT, *RIVALS, Rule.PROBED, Rule.NEAREST)

Report = Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """A figure with its goal; ``met`` is None where the report does not have it."""

    figure: str
    goal: str
    value: float | None
    met: bool | None

    @classmethod
    def of(
        cls, figure: str, value: float | None, *, least: float = -inf, most: float = inf
    ) -> "Goal":
        """Return a figure that should lie between two ends."""
        ends = [f">= {least:g}"] * (least > -inf) + [f"<= {most:g}"] * (most < inf)
        met = None if value is None else least <= value <= most
        return cls(figure, " and ".join(ends), value, met)


def goals_of(report: Report) -> list[dict[str, Any]]:
    """Return all goals; lower ends are those of the intervals over families."""
    found: list[Goal] = []
    for name in report["targets"]:
        shots, of = shots_of(name), report[name]
        found += _promises(name, of["promises"])
        if shots is None:
            found += _many(name, of["against the default's standard recipe"])
        else:
            found += _few(name, of[Setting.RELATIVE.value])
        rules = scope_of(shots)[Setting.SUPERFAMILY]
        found += _unknown(name, of[Setting.SUPERFAMILY.value], rules)
    return [asdict(goal) for goal in found]


def _promises(shots: str, promises: Report) -> Iterator[Goal]:
    for rule, by_rows in promises.items():
        for what, of in by_rows["taken"].items():
            about = f"{shots} a class, {rule}: {what}"
            covered = _at(of, "covered", "value")
            yield Goal.of(f"{about}, coverage", covered, least=COVERAGE[0], most=COVERAGE[1])
            off = _at(of, "promised minus got", "value")
            yield Goal.of(f"{about}, promised minus got", off, least=-PROMISED, most=PROMISED)


def _few(shots: str, setting: Report) -> Iterator[Goal]:
    about, ours = f"{shots} a class, relative in the zoo, 60 s", Rule.TIMED.value
    gain = _lower(setting, ours, "gain")
    yield Goal(f"{about}: gain, lower end", "> 0", gain, None if gain is None else gain > 0)
    share = _at(setting, ours, "share of the oracle's gain", "value")
    yield Goal.of(f"{about}: share of the oracle's gain", share, least=SHARE)
    for rival in RIVALS:
        off = _lower(setting, rival.value, "gain of 60 s over it")
        yield Goal.of(f"{about}: gain over {rival.value}, lower end", off, least=0.0)


def _many(shots: str, standard: Report) -> Iterator[Goal]:
    for setting, of in standard.items():
        about = f"{shots} images, {setting}, 60 s"
        for against in ("the whole standard's", "the standard's at the same seconds"):
            off = _at(of, f"accuracy minus {against}", "value")
            yield Goal.of(f"{about}: accuracy minus {against}", off, least=LOSS)
        steps = of.get("steps to the standard's accuracy, median share")
        yield Goal.of(f"{about}: steps to the standard's accuracy", steps, most=STEPS)


def _unknown(shots: str, setting: Report, rules: tuple[Rule, ...]) -> Iterator[Goal]:
    about = f"{shots} a class, superfamily unknown"
    harm = _lower(setting, Rule.UNMEASURED.value, "gain")
    yield Goal.of(f"{about}, no probe: gain, lower end", harm, least=HARM)
    gains = {rule: _at(setting, rule.value, "gain", "value") for rule in SIMPLE if rule in rules}
    reached = {rule: gain for rule, gain in gains.items() if gain is not None}
    if reached:
        best = max(reached, key=lambda rule: reached[rule])
        own = _at(setting, Rule.TIMED.value, "gain", "value")
        yield Goal.of(f"{about}, 60 s: gain, {best.value} being best", own, least=reached[best])


def _lower(of: Report, *keys: str) -> float | None:
    ends = _at(of, *keys, "families")
    return None if ends is None else ends[0]


def _at(of: Any, *keys: str) -> Any:
    """Return what lies at nested keys, None where there is nothing."""
    for key in keys:
        if not isinstance(of, Mapping) or key not in of:
            return None
        of = of[key]
    return of
