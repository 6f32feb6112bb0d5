"""From what rankers did on tasks that they did not know to what may be said of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from task2vec.recommend.backtest.bootstrap import Estimate, over_tasks, ratio_of_sums
from task2vec.recommend.backtest.run import LEVELS, Trials
from task2vec.recommend.backtest.verdict import Judgement, judge_by
from task2vec.recommend.evidence.world import Mask, Matrix

#: What a ranker is measured by, in the order of tables.
_MEASURES: Mapping[str, Callable[[Trials], Matrix]] = {
    "weighted_kendall": lambda trials: trials.tau,
    "regret_at_1": lambda trials: trials.regret_at_1,
    "regret_at_3": lambda trials: trials.regret_at_3,
    "top_1": lambda trials: trials.top_1.astype(np.float64),
    "gain": lambda trials: trials.gain,
}


@dataclass(frozen=True)
class Scored:
    """A ranker's means over tasks, by the names of the measures.

    ``means`` holds ``weighted_kendall``, ``regret_at_1``, ``regret_at_3``, ``top_1`` (a share) and
    ``gain`` of the model that was taken; regrets and gains are fractions of accuracy.
    ``headroom_captured`` is the sum of those gains over that of the best models', None where these
    gain nothing. ``ours_minus`` is by how much ours is above it, task by task; None of ours.
    """

    name: str
    means: Mapping[str, Estimate]
    headroom_captured: Estimate | None
    ours_minus: Mapping[str, Estimate] | None

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields: numbers by name, and their intervals by name in ``ci``."""
        every = {**self.means, "headroom_captured": self.headroom_captured}
        return {
            "name": self.name,
            **numbers(every),
            "ours_minus": None if self.ours_minus is None else numbers(self.ours_minus),
        }


@dataclass(frozen=True)
class Abstention:
    """Where ours took the default: how often (``rate``), at what cost; what it gained elsewhere.

    ``loss`` is what was missed there against ``best_baseline``, of all others the one that gained
    most on those very tasks. None where there are no such tasks.
    """

    rate: float
    loss: Estimate | None
    best_baseline: str | None
    gain_otherwise: Estimate | None

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields."""
        found = numbers({"loss": self.loss, "gain_otherwise": self.gain_otherwise})
        return {"rate": self.rate, "best_baseline": self.best_baseline, **found}


@dataclass(frozen=True)
class Report:
    """What a backtest found; empty where no task could be asked about.

    ``coverage`` is the share of gains that the intervals of a stated level held, by that level.
    ``noise_ceiling`` is the weighted tau of gains with gains measured anew, each from half of the
    evidence or (``ceiling_estimated``) with the noise that this would have. All of the evidence
    has less: a ranker may come out a little above it, and near it nobody can tell rankers apart.
    """

    rankers: tuple[Scored, ...]
    coverage: Mapping[float, Estimate]
    abstention: Abstention | None
    noise_ceiling: Estimate | None
    ceiling_estimated: bool
    tasks: int
    judgement: Judgement

    def to_json(self) -> dict[str, Any]:
        """Return the stable fields."""
        ceiling = self.noise_ceiling
        return {
            "rankers": [ranker.to_json() for ranker in self.rankers],
            "coverage": [
                {"level": level, "observed": found.value, "ci": _ends(found)}
                for level, found in self.coverage.items()
            ],
            "abstention": None if self.abstention is None else self.abstention.to_json(),
            "noise_ceiling": None
            if ceiling is None
            else {
                "weighted_kendall": ceiling.value,
                "ci": _ends(ceiling),
                "estimated": self.ceiling_estimated,
            },
            "tasks": self.tasks,
            "verdict": self.judgement.verdict.value,
            "sentence": self.judgement.sentence,
        }


def report(
    trials: Sequence[Trials],
    *,
    ours: str,
    families: Sequence[str] | None = None,
    halves: bool = False,
) -> Report:
    """Judge rankers by their trials on the same tasks.

    Args:
        trials: those of ours and of the others, which `always_default` must be among.
        ours: the name of ours.
        families: the family of each task of the world; by default each is its own.
        halves: whether the trials knew of two halves of the evidence.

    All intervals are 95 % bootstrap intervals over families.
    """
    if not trials:
        return Report((), {}, None, None, not halves, 0, judge_by(None, [], tasks=0, families=0))
    own = next(each for each in trials if each.ranker == ours)
    others = [each for each in trials if each is not own]
    names = None if families is None else [families[task] for task in own.tasks]
    estimate = partial(over_tasks, families=names)
    scored = tuple(_scored(each, own, estimate) for each in trials)
    coverage = {
        level: estimate(covered)
        for level, covered in zip(LEVELS, own.covered, strict=True)
        if np.isfinite(covered).all()
    }
    return Report(
        rankers=scored,
        coverage=coverage,
        abstention=_abstention(own, others, names),
        noise_ceiling=estimate(own.ceiling),
        ceiling_estimated=not halves,
        tasks=len(own.tasks),
        judgement=judge_by(
            estimate(own.gain),
            [
                (each.name, each.means["gain"].value, each.ours_minus["gain"])
                for each in scored
                if each.ours_minus is not None
            ],
            tasks=len(own.tasks),
            families=len(own.tasks if names is None else set(names)),
        ),
    )


def numbers(found: Mapping[str, Estimate | None]) -> dict[str, Any]:
    """Return the values by name, and in ``ci`` the two ends of the interval of each."""
    values: dict[str, Any] = {
        name: None if each is None else each.value for name, each in found.items()
    }
    ends = {name: None if each is None else _ends(each) for name, each in found.items()}
    return {**values, "ci": ends}


def _ends(found: Estimate) -> list[float]:
    return [found.low, found.high]


def _scored(trials: Trials, own: Trials, estimate: Callable[..., Estimate]) -> Scored:
    captured = None
    if trials.oracle.sum() > 0:
        captured = estimate(trials.gain, trials.oracle, statistic=ratio_of_sums)
        if not np.isfinite([captured.low, captured.high]).all():
            # Some sets of these tasks have no headroom at all.
            captured = None
    advantage = {
        name: estimate(_MEASURES[name](own) - _MEASURES[name](trials))
        for name in ("weighted_kendall", "gain")
    }
    return Scored(
        name=trials.ranker,
        means={name: estimate(of(trials)) for name, of in _MEASURES.items()},
        headroom_captured=captured,
        ours_minus=None if trials is own else advantage,
    )


def _abstention(
    own: Trials, others: Sequence[Trials], families: Sequence[str] | None
) -> Abstention:
    def estimate(values: Matrix, which: Mask) -> Estimate:
        some = None
        if families is not None:
            some = [family for family, asked in zip(families, which, strict=True) if asked]
        return over_tasks(values[which], families=some)

    silent: Mask = own.abstained
    loss = best = None
    if silent.any() and others:
        rival = max(others, key=lambda each: float(each.gain[silent].mean()))
        loss, best = estimate(rival.gain - own.gain, silent), rival.ranker
    return Abstention(
        rate=float(silent.mean()),
        loss=loss,
        best_baseline=best,
        gain_otherwise=None if silent.all() else estimate(own.gain, ~silent),
    )
