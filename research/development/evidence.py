"""The tables of the decision records: ``python -m research.development.evidence [QUESTION ...]``.

Every question is a list of variants, one of them today's choice. Each is judged by the three
yardsticks, on the half of the families that defaults are chosen on and on the other half, with the
difference to today's choice task by task. It takes some minutes, from what `passes` and
`transfer` left in the cache, and writes ``research/results/evidence_QUESTION.json``.

Estimates hold the filters of all layers; but for the question which layers count, those are judged
that do.
"""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from benchmarks.machine import describe
from benchmarks.operations import counted_filters
from research import RESULTS
from research.development import geometry as g
from research.development.layers import filter_kinds
from research.development.passes import BASE, Setting
from research.development.stack import Stack, load_stack, tasks_of
from research.development.tables import table
from research.development.tasks import choosing_families, development_tasks
from research.development.transfer import TABLE
from research.development.yardsticks import Interval, load_gains, score, summary
from task2vec.probe.registry import load_probe

#: Experts on half of the example tasks, tuned and tested at 128 pixels on the example tasks.
FIRST_TABLE = RESULTS / "first_transfer.csv"
PRIORS = (1e-9, 1e-8, 1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 1e-4)


@dataclass(frozen=True, eq=False)
class Variant:
    """A choice: how it is called, what was computed for it, and the geometry that compares it."""

    name: str
    stack: Stack
    geometry: g.Geometry
    more: dict[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Question:
    """Variants to be judged on the same tasks; ``today`` names the present choice."""

    variants: list[Variant]
    today: str
    note: str = ""


def penalty() -> Question:
    """Judge head penalties, each with several priors, since the penalty scales the Fisher."""
    settings = _computed(replace(BASE, penalty=p) for p in (0.001, 0.003, 0.01, 0.03, 0.1))
    variants = []
    for setting, stack in _stacks(settings):
        typical = float(np.median(stack.a[stack.a > 0]))
        for prior in (1e-7, 1e-6, 1e-5):
            variants.append(
                Variant(
                    f"penalty {setting.penalty:g}, prior {prior:g}",
                    stack,
                    g.noiseless(prior),
                    {"median_element": typical},
                )
            )
    return Question(variants, "penalty 0.01, prior 1e-06")


def prior() -> Question:
    """Judge absolute prior precisions, with what they leave of the range of complexities."""
    stack = _counted(BASE)
    variants = [Variant(f"{p:g}", stack, g.noiseless(p), _complexity(stack, p)) for p in PRIORS]
    return Question(variants, "1e-06", f"{100 * (stack.a == 0).mean():.1f} % of elements are 0")


def prior_plain() -> Question:
    """Judge the same where the distance is not corrected for noise."""
    stack = _counted(BASE)
    return Question([Variant(f"{p:g}", stack, g.symmetric(p)) for p in PRIORS], "1e-06")


def alpha() -> Question:
    """Judge the weight of the source's complexity."""
    stack = _counted(BASE)
    values = (0.0, 0.05, 0.15, 0.3, 0.5, 1.0)
    variants = [Variant(f"{value:g}", stack, g.asymmetric(value)) for value in values]
    return Question(variants, "0.15")


def geometry() -> Question:
    """Judge distances of quite another kind, and centrings, at the default prior and another."""
    stack = _counted(BASE)
    named: dict[str, g.Geometry] = {
        "symmetric": g.symmetric(),
        "symmetric, prior 1e-5": g.symmetric(1e-5),
        "symmetric without noise": g.noiseless(),
        "symmetric without noise, prior 1e-5": g.noiseless(1e-5),
        "symmetric, less the jackknife's bias": g.corrected(),
        "symmetric, each divided by its mean": g.symmetric_of_shapes(),
        "symmetric, prior 1 % of an element's typical value": g.symmetric_relative(0.01),
        "symmetric, prior 10 % of an element's typical value": g.symmetric_relative(0.1),
        "cosine of logs centred over tasks, then elements": g.log_cosine(over_tasks=True),
        "the same, prior 1e-5": g.log_cosine(1e-5, over_tasks=True),
        "the same, prior 1e-7": g.log_cosine(1e-7, over_tasks=True),
        "cosine of logs centred over elements": g.log_cosine(over_tasks=False),
        "L2 of logs": g.log_euclid(),
        "information, source to target": g.information(),
        "mean features": g.mean_features(BASE),
        "mean features centred over tasks": g.mean_features(BASE, over_tasks=True),
    }
    return Question(
        [Variant(name, stack, way) for name, way in named.items()], "symmetric without noise"
    )


def images() -> Question:
    """Judge the number of images, on the tasks with enough in either half."""
    settings = _computed(replace(BASE, images=count) for count in (50, 100, 200))
    corrected = _by_setting(settings, lambda s: f"{s.images} images", today="200 images")
    plain = [
        Variant(f"{variant.name}, noise left in", variant.stack, g.symmetric())
        for variant in corrected.variants
    ]
    return replace(corrected, variants=[*corrected.variants, *plain])


def resolution() -> Question:
    """Judge the side of the input, at 50 images."""
    settings = _computed(replace(BASE, side=side, images=50) for side in (96, 128, 224))
    return _by_setting(settings, lambda s: f"{s.side} px", today="128 px")


def probe() -> Question:
    """Judge packaged probes, at 50 images."""
    names = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
    settings = _computed(replace(BASE, probe=name, images=50) for name in names)
    return _by_setting(settings, lambda s: s.probe, today="efficientnet_lite0")


def layers() -> Question:
    """Judge which layers' filters count."""
    stack = load_stack(BASE)
    variants = [
        Variant(name, stack.only(kept), g.noiseless(), {"elements": int(kept.sum())})
        for name, kept in filter_kinds(BASE.probe).items()
    ]
    return Question(variants, "depthwise")


QUESTIONS: dict[str, Callable[[], Question]] = {
    "penalty": penalty,
    "prior": prior,
    "prior_plain": prior_plain,
    "alpha": alpha,
    "geometry": geometry,
    "images": images,
    "resolution": resolution,
    "probe": probe,
    "layers": layers,
}


def main() -> None:
    """Answer the questions that are asked, or all; write the results and print their tables."""
    for name in sys.argv[1:] or QUESTIONS:
        question = QUESTIONS[name]()
        if len(question.variants) < 2:
            print(f"{name}: not computed yet (see research.development.passes)", flush=True)
            continue
        found = answer(question)
        text = json.dumps(
            {
                "date": datetime.now(UTC).date().isoformat(),
                "machine": describe(),
                "result": found,
            },
            indent=1,
            ensure_ascii=False,
        )
        (RESULTS / f"evidence_{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"\n## {name}: {found['tasks']} tasks. {question.note}\n\n{table(found)}", flush=True)


def answer(question: Question) -> dict[str, Any]:
    """Return what every yardstick says of every variant, by half of the families."""
    common = set.intersection(*(set(v.stack.tasks) for v in question.variants))
    gains = load_gains(FIRST_TABLE, TABLE)
    families = {task.family for task in development_tasks().values()}
    choosing = choosing_families(families)
    halves = {
        "choosing": {n for n in common if development_tasks()[n].family in choosing},
        "reporting": {n for n in common if development_tasks()[n].family not in choosing},
    }
    scores: dict[str, dict[str, Any]] = {half: {} for half in halves}
    for variant in question.variants:
        stack = variant.stack.of(common)
        distances = variant.geometry(stack)
        for half, judged in halves.items():
            scores[half][variant.name] = score(
                distances, tasks=stack.tasks, families=stack.families, judged=judged, gains=gains
            )
    rows = []
    for variant in question.variants:
        row: dict[str, Any] = {"variant": variant.name, **(variant.more or {})}
        for half, by_name in scores.items():
            row[half] = _plain(summary(by_name[variant.name]))
            if variant.name != question.today:
                against = by_name[question.today]
                row[half]["less_today"] = _plain(summary(by_name[variant.name], against))
        rows.append(row)
    return {
        "today": question.today,
        "note": question.note,
        "tasks": len(common),
        "judged": {half: sorted(judged) for half, judged in halves.items()},
        "experts": len({source for source, _ in gains}),
        "rows": rows,
    }


def _plain(intervals: dict[str, Interval]) -> dict[str, Any]:
    return {
        name: {
            key: round(value, 4) if np.isfinite(value) else None
            for key, value in asdict(interval).items()
        }
        for name, interval in intervals.items()
    }


def _computed(settings: Any) -> list[Setting]:
    """Return the settings that are there for most of the tasks."""
    return [setting for setting in settings if len(tasks_of(setting)) >= 16]


def _stacks(settings: list[Setting]) -> list[tuple[Setting, Stack]]:
    common = set.intersection(*(tasks_of(setting) for setting in settings)) if settings else set()
    return [(setting, _counted(setting, common)) for setting in settings]


def _counted(setting: Setting, tasks: Iterable[str] | None = None) -> Stack:
    """Return the estimates under a setting, of the filters that its probe counts."""
    return load_stack(setting, tasks).only(counted_filters(load_probe(setting.probe)))


def _by_setting(settings: list[Setting], name: Callable[[Setting], str], *, today: str) -> Question:
    variants = [Variant(name(s), stack, g.noiseless()) for s, stack in _stacks(settings)]
    names = [variant.name for variant in variants]
    return Question(variants, today if today in names else names[0])


def _complexity(stack: Stack, prior: float) -> dict[str, float]:
    """Return how far tasks are from the trivial one, and whether either part orders them alike."""
    first, second = (g.complexities(part, prior) for part in (stack.a, stack.b))
    return {
        "complexity_least": round(float(first.min()), 3),
        "complexity_most": round(float(first.max()), 3),
        "complexity_rank_correlation": round(float(spearmanr(first, second).statistic), 3),
        "elements_below_prior": round(float((stack.a < prior).mean()), 3),
    }


if __name__ == "__main__":
    main()
