"""Fits the constants of the first recommender to `first_transfer`, and judges its rule on that.

The gain of an expert on a target is taken as ``far + (near - far) exp(-(d / reach)^2)``, d their
symmetric distance at 300 images. The rule (take the best expert when its expected gain is TRUST
standard deviations above 0, else the default) is judged with the target's and its family's rows
left out of the fit; the sources are the experts there are, so this says little about other zoos.

    python -m research.first_recommender
"""

import csv
import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import curve_fit

from benchmarks.examples import families, folder
from research import RESULTS
from research.first_transfer import TABLE
from task2vec.data.open import open_source
from task2vec.distance import plain_symmetric_distance
from task2vec.embedding.embedder import Embedder
from task2vec.probe.registry import load_probe
from task2vec.recommendation.rankers import TRUST

Rows = list[tuple[str, str, float, float]]


def main() -> None:
    """Print and write the fit and the judgement."""
    embedder = Embedder(load_probe("efficientnet_lite0"))
    embeddings = {name: embedder.embed(open_source(folder(name))).embedding for name in families()}
    with TABLE.open(newline="") as file:
        rows: Rows = [
            (
                row["source"],
                row["target"],
                plain_symmetric_distance(embeddings[row["source"]], embeddings[row["target"]]),
                float(row["gain"]),
            )
            for row in csv.DictReader(file)
        ]
    result = {"pairs": len(rows), "fit": _fit(rows), "by_distance": _bins(rows), **_judge(rows)}
    text = json.dumps(result, indent=2)
    (RESULTS / "first_recommender.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def _curve(d: np.ndarray, near: float, far: float, reach: float) -> np.ndarray:
    return far + (near - far) * np.exp(-((d / reach) ** 2))


def _fit(rows: Rows) -> dict[str, float]:
    distances, gains = (np.array([row[i] for row in rows]) for i in (2, 3))
    found, _ = curve_fit(
        _curve,
        distances,
        gains,
        p0=(float(gains.max()) / 2, -0.05, 0.3),
        # No pair is near 0: what the curve promises there must not be more than any pair gained.
        bounds=([-0.5, -0.5, 0.1], [float(gains.max()), 0.5, 0.6]),
    )
    spread = float((gains - _curve(distances, *found)).std(ddof=3))
    near, far, reach = (round(float(value), 4) for value in found)
    return {"near": near, "far": far, "reach": reach, "spread": round(spread, 4)}


def _bins(rows: Rows) -> list[dict[str, Any]]:
    edges = [0, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 1]
    bins = []
    for low, high in pairwise(edges):
        gains = [gain for _, _, d, gain in rows if low <= d < high]
        if gains:
            mean, worst, best = (round(float(f(gains)), 4) for f in (np.mean, np.min, np.max))
            bins.append(
                {"distance": [low, high], "pairs": len(gains), "mean_gain": mean}
                | {"least": worst, "most": best}
            )
    return bins


def _judge(rows: Rows) -> dict[str, Any]:
    family = families()
    targets = sorted({target for _, target, _, _ in rows})
    ours, nearest, used = [], [], 0
    for target in targets:
        known = [row for row in rows if family[row[1]] != family[target]]
        fit = _fit(known)
        mine = [row for row in rows if row[1] == target]
        closest = min(mine, key=lambda row: row[2])
        expected = _curve(np.array(closest[2]), fit["near"], fit["far"], fit["reach"])
        take = float(expected) > TRUST * fit["spread"]
        nearest.append(closest[3])
        ours.append(closest[3] if take else 0.0)
        used += take
    return {
        "targets": len(targets),
        "nearest_only_mean_gain": _with_interval(nearest),
        "ours_mean_gain": _with_interval(ours),
        "ours_leaves_the_default_for": used,
        "always_default_mean_gain": 0.0,
    }


def _with_interval(gains: Iterable[float]) -> dict[str, float]:
    values = np.array(list(gains))
    generator = np.random.default_rng(0)
    means = generator.choice(values, (10_000, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return {
        "mean": round(float(values.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
    }


if __name__ == "__main__":
    main()
