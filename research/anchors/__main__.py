"""Judges what experts see in the anchors, in both uses: ``python -m research.anchors``.

What is chosen, is chosen on the choosing half of the families: how experts are compared, and how a
foretold score counts. The reporting half tells what it gains, with 5 images a class. The foretold
scores are kept in a table; what the table has is not computed again.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from typing import Any

import numpy as np
import torch

from research import RESULTS
from research.anchors.foretold import Changes, Regression, ridge_error
from research.anchors.images import Anchors
from research.anchors.judging import (
    ByFeatures,
    Conditioned,
    Foretold,
    Told,
    compared,
    judged,
    mean_over_draws,
)
from research.anchors.likeness import Compared, Place, expert_products
from research.development.tasks import choosing_families, development_tasks
from research.large_zoo.rank_correlation import by_target
from research.transfer.cascading import read_scores
from research.transfer.features import Features, features_of
from research.transfer.report import LeftOut
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget, Target
from research.transfer.zoo import DEFAULT, expert, plain_model
from task2vec.recommendation.evidence.world import Matrix

OUT, TABLE = RESULTS / "anchors.json", RESULTS / "anchors_scores.csv"
COLUMNS = ("target", "draw", "model", "ridge_error")
MODES = (LeftOut.TASK, LeftOut.FAMILY)
#: Of the explained share of changes by `explained`, the best: 0.57, each family left out in turn.
PENALTY = 0.3
WIDTHS = (0.7, 1.2)
SLOPES, OWN, COMMON = (0.15, 0.3, 0.5), (0.1, 0.2, 0.4), (0.01, 0.15)
TODAY, ALIKE = "today", "alike by features"
#: As if nothing were foretold.
NOTHING = Told(slope=0.0, own=1e4, common=0.0)
DRAWS = Budget.FEW.shown


def main() -> None:
    """Score, choose, judge, and write the result; what was chosen before stays."""
    torch.set_num_threads(1)
    anchors = Anchors(plain_model(DEFAULT).probe)
    features = anchor_features(anchors)
    if not TABLE.exists():
        with TABLE.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(foretold_rows(anchors, features))
    document: dict[str, Any] = json.loads(OUT.read_text()) if OUT.exists() else {}
    families = read_transfer(Budget.FEW).families
    first = choosing_families(set(families))
    choosing = [i for i, family in enumerate(families) if family in first]
    reporting = [i for i, family in enumerate(families) if family not in first]
    tries: dict[str, Callable[[], Any]] = {
        "likeness": lambda: tried_likeness(anchors, features, choosing),
        "reporting": lambda: reported(anchors, features, best_likeness(document), reporting),
        "foretold order": foretold_order,
        "foretold errors": lambda: tried_told(choosing),
    }
    for name, tried in tries.items():
        if name not in document:
            document[name] = tried()
            document["date"] = datetime.now(UTC).date().isoformat()
            OUT.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def best_likeness(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the way to compare experts with the largest density without and with 2 probes."""
    rows = [row for row in document["likeness"] if row["compared"]]
    best = max(rows, key=lambda row: row["density"] + row["density, 2 probes"])
    return {**best, "compared": Compared(best["compared"]), "place": Place(best["place"])}


def reported(
    anchors: Anchors,
    features: Mapping[str, Features],
    likeness: Mapping[str, Any],
    reporting: list[int],
) -> dict[str, Any]:
    """Return what a likeness of experts gains on the reporting half, in both modes."""
    families = read_transfer(Budget.FEW).families
    result = {}
    for mode in MODES:

        def ask(draw: int, mode: LeftOut = mode) -> dict[tuple[str, int, str], Matrix]:
            transfer = read_transfer(Budget.FEW, distance="plain", draw=draw)
            alike = by_features(
                anchors, features, transfer.world.models, transfer.families, likeness
            )
            return judged(
                transfer,
                read_scores(transfer.world, Budget.FEW, draw=draw),
                left=mode,
                fits={TODAY: Conditioned(), ALIKE: alike},
                targets=reporting,
            )

        found = mean_over_draws(ask, DRAWS)
        result[str(mode)] = compared(found, than=TODAY, families=families)
        print(mode, json.dumps(result[str(mode)]), flush=True)
    return result


def foretold_order() -> dict[str, Any]:
    """Return rank correlations with gains, over the experts of no task of the target's family.

    Of foretold errors, of those of the experts themselves, and of nearness, by draw; means over the
    targets of both halves, with intervals over families. ``given nearness`` is the partial one.
    """
    found: dict[str, Any] = {}
    for draw in range(DRAWS):
        transfer = read_transfer(Budget.FEW, distance="plain", draw=draw)
        world = transfer.world
        experts = np.flatnonzero(world.experts)
        sources = world.sources[experts]
        families = np.array(transfer.families)
        measured = read_scores(world, Budget.FEW, draw=draw).tables["ridge_error"]
        found[f"draw {draw}"] = by_target(
            {
                "foretold errors": foretold_lower(world.models, world.tasks, draw)[experts],
                "measured errors": measured[experts],
                "nearness": -world.symmetric[sources],
            },
            gains=world.gains[experts],
            near=-world.symmetric[sources],
            counted=families[sources][:, None] != families,
            families=transfer.families,
        )
    return found


def anchor_features(anchors: Anchors) -> dict[str, Features]:
    """Return the features of the anchors, of the default and of the expert of each task."""
    default = plain_model(DEFAULT)
    found = {DEFAULT: anchors.features_of(default)}
    for name, task in development_tasks().items():
        found[name] = anchors.features_of(expert(task, default.probe, print))
    return found


def foretold_rows(
    anchors: Anchors, features: Mapping[str, Features]
) -> Iterator[tuple[str, int, str, str]]:
    """Yield a row for each target, draw and model: the default's error, and foretold ones."""
    default = plain_model(DEFAULT)
    for task in development_tasks().values():
        target = Target(task, default.probe)
        plain = features_of(default, target)
        others = anchors.families != task.family
        base = features[DEFAULT][others]
        regression = Regression.on(base, penalty=PENALTY)
        changes = {
            name: Changes.between(base, found[others])
            for name, found in features.items()
            if name not in {DEFAULT, task.name}
        }
        for number, draw in zip(range(DRAWS), target.draws(Budget.FEW), strict=False):
            seen, labels = plain[draw.train], target.labels[draw.train]
            weights = regression.weights(seen)
            every = {
                DEFAULT: seen,
                **{name: each.foretold(seen, weights) for name, each in changes.items()},
            }
            for name, found in every.items():
                error = ridge_error(found, labels, classes=target.classes)
                yield task.name, number, name, f"{error:.5g}"
        print(f"{task.name}: foretold", flush=True)


def foretold_lower(models: tuple[str, ...], tasks: tuple[str, ...], draw: int) -> Matrix:
    """Return (M, T) by how much foretold errors are below the default's; nan where there are none.

    Plain models are not foretold: their networks are others.
    """
    errors = np.full((len(models), len(tasks)), np.nan)
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            if int(row["draw"]) == draw:
                place = models.index(row["model"]), tasks.index(row["target"])
                errors[place] = float(row["ridge_error"])
    lower = errors[models.index(DEFAULT)] - errors
    lower[models.index(DEFAULT)] = np.nan
    return np.asarray(lower)


def by_features(
    anchors: Anchors,
    features: Mapping[str, Features],
    models: tuple[str, ...],
    families: tuple[str, ...],
    chosen: Mapping[str, Any],
) -> ByFeatures:
    """Return the gain model that takes experts for as alike as their features are."""
    experts = tuple(name for name in models if name in development_tasks())
    return ByFeatures(
        expert_products(features, experts, default=DEFAULT, compared=chosen["compared"]),
        families=anchors.families.tolist(),
        of_tasks=families,
        width=chosen["width"],
        place=chosen["place"],
    )


def tried_likeness(
    anchors: Anchors, features: Mapping[str, Features], choosing: list[int]
) -> list[dict[str, Any]]:
    """Return the log density of each way to compare experts, families left out, one draw."""
    transfer = read_transfer(Budget.FEW, distance="plain")
    scores = read_scores(transfer.world, Budget.FEW)
    rows: list[dict[str, Any]] = [{"compared": None}]
    rows += [
        {"compared": how, "place": place, "width": width}
        for how, place, width in product(Compared, Place, WIDTHS)
    ]
    for row in rows:
        fits = (
            by_features(anchors, features, transfer.world.models, transfer.families, row)
            if row["compared"]
            else Conditioned()
        )
        found = judged(
            transfer,
            scores,
            left=LeftOut.FAMILY,
            fits={"": fits},
            targets=choosing,
            probes=(0, 2),
        )
        row["density"] = round(float(np.nanmean(found["", 0, "density"])), 4)
        row["density, 2 probes"] = round(float(np.nanmean(found["", 2, "density"])), 4)
        row["gain, 2 probes"] = round(100 * float(np.nanmean(found["", 2, "gain"])), 2)
        print(row, flush=True)
    return rows


def tried_told(choosing: list[int]) -> list[dict[str, Any]]:
    """Return the log density of each way to count foretold errors, the best first."""
    counted = [NOTHING, *(Told(*each) for each in product(SLOPES, OWN, COMMON))]
    sums = np.zeros(len(counted))
    transfer = read_transfer(Budget.FEW, distance="plain")
    scores = read_scores(transfer.world, Budget.FEW)
    lower = foretold_lower(transfer.world.models, transfer.world.tasks, 0)
    for mode in MODES:
        base = Conditioned()
        found = judged(
            transfer,
            scores,
            left=mode,
            fits={str(i): Foretold(base, lower, told) for i, told in enumerate(counted)},
            targets=choosing,
            probes=(0,),
        )
        sums += [np.nanmean(found[str(i), 0, "density"]) for i in range(len(counted))]
    return [
        {
            "slope": counted[i].slope,
            "own": counted[i].own,
            "common": counted[i].common,
            "density": round(float(sums[i]) / len(MODES), 4),
        }
        for i in np.argsort(-sums)
    ]


if __name__ == "__main__":
    main()
