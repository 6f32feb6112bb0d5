"""What of a source foretells gains beyond its symmetric distance to the target?

``python -m research.large_zoo.asymmetry`` gives, for each property of sources, the rank correlation
with the gains on a target, and the partial one given the symmetric distance; and what is gained by
taking the nearest with a weight on the property, chosen on half of the families and judged on the
other. Gains are those of linear probes, both draws, and of fine-tuned last stages where there are.

How it is decided was fixed before there were numbers: a property earns a place in the
recommendation where, with 5 and with 10 images a class, the interval of its partial correlation
over all sources is above 0 and so is that of what it gains more on the reporting half.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy.stats import rankdata

from research import RESULTS
from research.development.tasks import choosing_families
from research.large_zoo.draws import SHOTS
from research.large_zoo.known import FAMILY, Zoo, mean_gains, read_zoo
from research.large_zoo.tables import TUNED, TunedRow, read_list
from task2vec.recommendation.backtest.bootstrap import over_tasks
from task2vec.recommendation.evidence.world import Mask, Matrix

OUT = RESULTS / "large_zoo_asymmetry.json"
ALPHAS = (0.05, 0.15, 0.3, 0.5, 1.0)
#: Weights of a property, as ranks from 0 to 1, beside the symmetric distance as a rank likewise.
WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5)
#: A correlation of fewer pairs says nothing.
FEWEST = 8


def main() -> None:
    """Print and write."""
    zoo = read_zoo()
    result: dict[str, Any] = {}
    for shots in SHOTS:
        gains, _ = mean_gains(zoo, shots)
        relatives = zoo.related[FAMILY]
        result[f"{shots} a class"] = {
            "all sources": correlations(zoo, gains[1:], np.ones_like(relatives)),
            "relatives": correlations(zoo, gains[1:], relatives),
            "others": correlations(zoo, gains[1:], ~relatives),
            "nearest with a weight": weighted_nearest(zoo, gains[1:], zoo.far_few[shots][1:]),
        }
    result["fine-tuned"] = correlations(zoo, tuned_gains(zoo), np.ones_like(relatives))
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "experts": len(zoo.sources),
        "result": result,
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def properties(zoo: Zoo) -> Mapping[str, Matrix]:
    """Return (S, T) of each property: larger should be better."""
    far = zoo.far[1:]

    def column(name: str) -> Matrix:
        values = np.array([float(getattr(source, name)) for source in zoo.sources])
        return np.broadcast_to(values[:, None], far.shape)

    complexity = column("complexity")
    return {
        "nearness": -far,
        **{f"nearness, asymmetric by {alpha:g}": alpha * complexity - far for alpha in ALPHAS},
        "nearness, information": -zoo.nats[1:],
        "complexity": complexity,
        "nats of the head": column("nats"),
        "images": column("images"),
        "classes": column("classes"),
        "accuracy of the expert": column("accuracy"),
        "accuracy of the head": column("head_accuracy"),
        "loss of the head": column("head_loss"),
        "rate": column("rate"),
    }


def correlations(zoo: Zoo, gains: Matrix, counted: Mask) -> dict[str, Any]:
    """Return rank correlations of properties and gains (S, T), plain and given nearness.

    Means over targets, each over its sources that are ``counted`` (S, T), with intervals over the
    targets' families.
    """
    found = {}
    for name, values in properties(zoo).items():
        plain, partial = np.full((2, len(zoo.targets)), np.nan)
        for target in range(len(zoo.targets)):
            columns = values[:, target], gains[:, target], -zoo.far[1:, target]
            rows = counted[:, target] & np.isfinite(columns).all(axis=0)
            if rows.sum() >= FEWEST:
                x, y, near = (column[rows] for column in columns)
                plain[target], partial[target] = rank_correlations(x, y, near)
        found[name] = {"plain": _shown(plain, zoo), "given nearness": _shown(partial, zoo)}
    return found


def rank_correlations(x: Matrix, y: Matrix, given: Matrix) -> tuple[float, float]:
    """Return Spearman's correlation of x and y (n,), and the partial one given a third.

    The partial one correlates what is left of the ranks of either after regression on the third's;
    nan where nothing is left.
    """
    a, b, c = (_unit(rankdata(each)) for each in (x, y, given))
    left, right = _unit(a - (a @ c) * c), _unit(b - (b @ c) * c)
    return float(a @ b), float(left @ right)


def _unit(values: Matrix) -> Matrix:
    centred = values - values.mean()
    length = float(np.linalg.norm(centred))
    # What rounding leaves of ranks is none.
    if length < 1e-6 * len(values):
        return np.full_like(centred, np.nan)
    return np.asarray(centred / length)


def weighted_nearest(zoo: Zoo, gains: Matrix, far: Matrix) -> dict[str, Any]:
    """Return what taking the nearest gains, in points, with the best weight on each property.

    Nearness and property count as ranks from 0 to 1 among a target's sources. The weight is chosen
    on the choosing half of the families; ``more`` is the gain on the other half less that of the
    nearest alone.
    """
    choosing = choosing_families(set(zoo.families))
    chosen = np.array([family in choosing for family in zoo.families])
    nearest = _taken(far, np.zeros_like(far), gains, weight=0.0)
    found: dict[str, Any] = {"nearness": {"report": _shown(nearest, zoo, ~chosen)}}
    for name, values in properties(zoo).items():
        if name.startswith("nearness"):
            continue
        by_weight = {weight: _taken(far, values, gains, weight=weight) for weight in WEIGHTS}
        means = [float(np.mean(by_weight[weight][chosen])) for weight in WEIGHTS]
        best = WEIGHTS[int(np.argmax(means))]
        found[name] = {
            "weight": best,
            "report": _shown(by_weight[best], zoo, ~chosen),
            # Without a weight, of the same sources: those whose property is known.
            "more": _shown(by_weight[best] - by_weight[0.0], zoo, ~chosen),
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


def tuned_gains(zoo: Zoo) -> Matrix:
    """Return (S, T) gains of fine-tuned last stages over the default's, nan where none was tried.

    The few that a source was tried on are of either number of images a class.
    """
    gains = np.full(zoo.far[1:].shape, np.nan)
    number = {str(source.source): row for row, source in enumerate(zoo.sources)}
    for cell in read_list(TunedRow, TUNED):
        if cell.model in number:
            place = number[cell.model], zoo.names.index(cell.target)
            gains[place] = (cell.won - cell.lost) / cell.tested
    return gains


def _shown(values: Matrix, zoo: Zoo, rows: Mask | None = None) -> list[float] | None:
    counted = np.isfinite(values) if rows is None else np.isfinite(values) & rows
    if not counted.any():
        return None
    families = np.array(zoo.families)[counted].tolist()
    found = over_tasks(values[counted], families=families)
    return [round(value, 3) for value in (found.value, found.low, found.high)]


if __name__ == "__main__":
    main()
