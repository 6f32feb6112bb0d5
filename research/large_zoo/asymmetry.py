"""What of a source foretells gains beyond its symmetric distance to the target?

``python -m research.large_zoo.asymmetry`` gives, for each property of sources, the rank correlation
with the gains on a target, and the partial one given the symmetric distance, over all sources and
over those of one kind; and what is gained by taking the nearest with a weight on the property,
chosen on half of the families and judged on the other. Gains are those of linear probes, both
draws; those of fine-tuned last stages are few. The 36 experts of which all layers were trained
(`research.transfer`) are asked the same.

How it is decided was fixed before there were numbers: a property earns a place in the
recommendation where, with 5 and with 10 images a class, the interval of its partial correlation
over all sources is above 0 and so is that of what it gains more on the reporting half.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.stats import rankdata

from research import RESULTS
from research.development.tasks import choosing_families
from research.large_zoo.draws import SHOTS
from research.large_zoo.known import FAMILY, Zoo, mean_gains, read_zoo
from research.large_zoo.plan import UNION_RATES
from research.large_zoo.rank_correlation import by_target, mean_over, of_all_cells
from research.large_zoo.tables import (
    TARGETS,
    TUNED,
    Cells,
    Quantity,
    SourceRow,
    TargetRow,
    TunedRow,
    read_cells,
    read_list,
)
from research.recipes.followed import families_of
from research.transfer.tables import read_information, read_transfer
from research.transfer.targets import Budget
from task2vec.recommendation.evidence.world import Mask, Matrix

OUT = RESULTS / "large_zoo_asymmetry.json"
ALPHAS = (0.05, 0.15, 0.3, 0.5, 1.0)
#: Weights of a property, as ranks from 0 to 1, beside the symmetric distance as a rank likewise.
WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
#: Of the experts of all layers so many were damaged by training: they lose 20 points on average.
DAMAGED = 2
#: The fields of a source that may foretell, by what they are called.
FIELDS = {
    "complexity": "complexity",
    "nats of the head": "nats",
    "images": "images",
    "classes": "classes",
    "accuracy of the expert": "accuracy",
    "accuracy of the head": "head_accuracy",
    "loss of the head": "head_loss",
}


def main() -> None:
    """Print and write."""
    zoo = read_zoo()
    result: dict[str, Any] = {}
    named = properties(zoo.sources, zoo.far[1:], zoo.nats[1:])
    relatives = zoo.related[FAMILY]
    for shots in SHOTS:
        gains = mean_gains(zoo, shots)[0][1:]

        def of(counted: Mask, gains: Matrix = gains) -> dict[str, Any]:
            return by_target(
                named, gains=gains, near=-zoo.far[1:], counted=counted, families=zoo.families
            )

        result[f"{shots} a class"] = {
            "all sources": of(np.ones_like(relatives)),
            "relatives": of(relatives),
            "others": of(~relatives),
            **{
                name: of(np.broadcast_to(rows[:, None], gains.shape))
                for name, rows in alike(zoo.sources).items()
            },
            "nearest with a weight": weighted_nearest(
                named, gains=gains, far=zoo.far_few[shots][1:], families=zoo.families
            ),
        }
    result["fine-tuned"] = tuned_correlations(zoo, read_list(TunedRow, TUNED), read_cells())
    for budget in Budget:
        name = f"36 experts of all layers, {budget} images"
        result[name] = all_layers(budget)
        result[f"{name}, without the {DAMAGED} worst"] = all_layers(budget, leave=DAMAGED)
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "experts": len(zoo.sources),
        "result": result,
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def alike(sources: Sequence[SourceRow]) -> dict[str, Mask]:
    """Return which of S sources have one task, or several at one rate.

    Experts of several tasks at the lowest rate are the best of this zoo, whatever the target: what
    foretells a gain only because it tells these kinds apart foretells nothing within one.
    """
    several = np.array(["+" in source.tasks for source in sources])
    rates = np.array([source.rate for source in sources])
    return {
        "sources of one task": ~several,
        **{
            f"sources of several tasks at {rate:g}": several & (rates == rate)
            for rate in UNION_RATES
        },
    }


def properties(sources: Sequence[SourceRow], far: Matrix, nats: Matrix) -> dict[str, Matrix]:
    """Return each property of S sources, larger should be better, in the shape of ``far``.

    ``far`` and ``nats`` are (S, T), or (S,) of one target each.
    """
    columns = {
        name: np.array([float(getattr(source, field)) for source in sources])
        for name, field in FIELDS.items()
    }
    columns["small rate"] = -np.array([source.rate for source in sources])
    columns["tasks"] = np.array([source.tasks.count("+") + 1.0 for source in sources])
    return _named(columns, far, nats)


def _named(columns: Mapping[str, Matrix], far: Matrix, nats: Matrix) -> dict[str, Matrix]:
    """Return columns (S,), and what follows from distances and complexity, like ``far``."""
    spread = {
        name: np.broadcast_to(values.reshape(-1, *[1] * (far.ndim - 1)), far.shape)
        for name, values in columns.items()
    }
    return {
        "nearness": -far,
        **{
            f"nearness, asymmetric by {alpha:g}": alpha * spread["complexity"] - far
            for alpha in ALPHAS
        },
        "nearness, information": -nats,
        **spread,
    }


def all_layers(budget: Budget, *, leave: int = 0) -> dict[str, Any]:
    """Return the correlations of the experts of all layers, each of one development task.

    All were trained on some 300 images. Of the experts with the least mean gain some may be left.
    """
    transfer = read_transfer(budget)
    world = transfer.world
    experts = np.flatnonzero(world.sources >= 0)
    worst_first = np.argsort(np.nanmean(world.gains[experts], axis=1))
    experts = np.sort(experts[worst_first[leave:]])
    sources = world.sources[experts]
    rows = {row.task: row for row in read_list(TargetRow, TARGETS)}
    mine = [rows[world.tasks[source]] for source in sources]
    columns = {
        name: np.array([float(getattr(row, FIELDS[name])) for row in mine])
        for name in ("complexity", "nats of the head", "classes")
    }
    # Its own task tells nothing of what an expert gains elsewhere.
    elsewhere = sources[:, None] != np.arange(len(world.tasks))
    far, families = world.symmetric[sources], transfer.families
    named = _named(columns, far, read_information(world.tasks)[0][sources])
    gains = np.where(elsewhere, world.gains[experts], np.nan)
    return {
        "all sources": by_target(
            named, gains=gains, near=-far, counted=elsewhere, families=families
        ),
        "nearest with a weight": weighted_nearest(named, gains=gains, far=far, families=families),
    }


def weighted_nearest(
    named: Mapping[str, Matrix], *, gains: Matrix, far: Matrix, families: Sequence[str]
) -> dict[str, Any]:
    """Return what taking the nearest gains, in points, with the best weight on each property.

    Nearness and property count as ranks from 0 to 1 among a target's sources (S, T). The weight is
    chosen on the choosing half of the ``families`` (T,); ``more`` is the gain on the other half
    less that of the nearest alone, of the same sources: those whose property is known.
    """
    choosing = choosing_families(set(families))
    chosen = np.array([family in choosing for family in families])
    nearest = _taken(far, np.zeros_like(far), gains, weight=0.0)
    found: dict[str, Any] = {"nearness": {"report": mean_over(nearest, families, ~chosen)}}
    for name, values in named.items():
        if name == "nearness":
            continue
        by_weight = {weight: _taken(far, values, gains, weight=weight) for weight in WEIGHTS}
        means = [float(np.mean(by_weight[weight][chosen])) for weight in WEIGHTS]
        best = WEIGHTS[int(np.argmax(means))]
        found[name] = {
            "weight": best,
            "report": mean_over(by_weight[best], families, ~chosen),
            "more": mean_over(by_weight[best] - by_weight[0.0], families, ~chosen),
        }
    return found


def _taken(far: Matrix, values: Matrix, gains: Matrix, *, weight: float) -> Matrix:
    """Return the gains (T,) in points of the sources that nearness and a property choose."""
    taken = np.full(far.shape[1], np.nan)
    for target in range(far.shape[1]):
        rows = np.flatnonzero(np.isfinite(gains[:, target]) & np.isfinite(values[:, target]))
        near, good = (rankdata(each[rows, target]) / len(rows) for each in (-far, values))
        taken[target] = 100 * gains[rows[np.argmax(near + weight * good)], target]
    return taken


def tuned_correlations(
    zoo: Zoo, tuned: Sequence[TunedRow], cells: Mapping[str, Cells]
) -> dict[str, Any]:
    """Return the correlations of fine-tuned last stages, of all cells at once: they are few.

    They are of either number of images a class. ``gain`` is the mean one, in points.
    """
    row_of = {str(source.source): row for row, source in enumerate(zoo.sources)}
    kept = [cell for cell in tuned if cell.model in row_of]
    far, nats = (
        np.array([float(cells[cell.model][what][cell.target]) for cell in kept])
        for what in (Quantity.FAR, Quantity.NATS)
    )
    gains = np.array([(cell.won - cell.lost) / cell.tested for cell in kept])
    named_families = families_of(cell.target for cell in kept)
    families = [named_families[cell.target] for cell in kept]
    named = properties([zoo.sources[row_of[cell.model]] for cell in kept], far, nats)
    return {
        "cells": len(kept),
        "gain": mean_over(100 * gains, families),
        **of_all_cells(named, gains=gains, near=-far, families=families),
    }


if __name__ == "__main__":
    main()
