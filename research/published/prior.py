"""What published figures of a network say of its outcomes elsewhere, and how surely.

Judged are predicted differences between two networks on a data set that is left out of the fit in
every collection, and so are both networks: what is wanted is the gain of a network never seen over
another one, on a new task. The setting with the largest share of squared differences explained,
averaged over the collections, is frozen in `task2vec.recommendation.published.prior`. Whether what
is known of a network from elsewhere carries over is judged with its whole collection left out.
Rankings are judged with the data set left out.

    python -m research.published.prior
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from math import inf
from typing import Any

import numpy as np
import torchvision
from scipy.special import expit

from research import RESULTS
from research.published.fit import FITTED, Errors, Setting, grid, pair_errors, slopes
from research.published.rankings import by_difference, rankings
from research.published.zoo import Matrix, figures, matrices
from task2vec.recommendation.published.models import VERSION

FEATURES = (("top1",), ("log_parameters",), ("top1", "log_parameters"))
#: Where timm judged the very same weights. The figure on ImageNet-A is 0 for one of them.
VARIANTS = (
    *(("top1",), ("real",), ("v2",), ("r",), ("sketch",), ("log_parameters",)),
    ("top1", "real", "v2", "r", "sketch", "log_parameters"),
)
RIDGES = (0.0, 0.1, 0.3, 1.0, 3.0)
SHRINKS = (1.0, 3.0, 10.0, 30.0, inf)


def main() -> None:
    """Print and write which setting is chosen, its constants, and how it does."""
    zoo = matrices()
    lines = [
        _line(zoo, setting)
        for setting in grid(scales=("points", "logits"), features=FEATURES, ridges=RIDGES)
    ]
    chosen: Setting = max(lines, key=lambda line: line["mean"])["setting"]
    # The same networks for every figure: those that all figures are known of.
    seen = [m.without(networks=[n for n in m.networks if "real" not in figures(n)]) for m in zoo]
    result = {
        "version": VERSION,
        "torchvision": torchvision.__version__.partition("+")[0],
        "constants": _constants(zoo, chosen),
        "settings": lines,
        "variants": [_line(seen, replace(chosen, features=names)) for names in VARIANTS],
        "offsets_from_elsewhere": _elsewhere(zoo, chosen),
        # Two that do far worse than their top-1 wherever they were tried.
        "without_mnasnet_and_googlenet": _elsewhere(
            [m.without(networks=("mnasnet1_0", "googlenet")) for m in zoo], chosen
        ),
        "rankings": rankings(zoo, chosen, FEATURES),
        "by_difference": by_difference(zoo),
    }
    (RESULTS / "published_prior.json").write_text(_json(result), encoding="utf-8")
    _show(result)


def _json(result: dict[str, Any]) -> str:
    """Return the result as JSON with a line for each row of a table."""
    parts = []
    for name, part in result.items():
        rows = part if isinstance(part, list) else None
        # No offsets are offsets shrunk without end, which JSON has no number for.
        told = [json.dumps(row, default=asdict).replace("Infinity", "null") for row in rows or ()]
        text = "[\n  " + ",\n  ".join(told) + "\n ]" if told else json.dumps(part)
        parts.append(f" {json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(zoo: Sequence[Matrix], setting: Setting, *, elsewhere: bool = False) -> dict[str, Any]:
    explained = {
        m.collection: pair_errors(zoo, m, setting, elsewhere=elsewhere).explained for m in zoo
    }
    return {
        "setting": setting,
        "explained": {name: round(share, 3) for name, share in explained.items()},
        "mean": round(float(np.mean([*explained.values()])), 4),
    }


def _elsewhere(zoo: Sequence[Matrix], chosen: Setting) -> list[dict[str, Any]]:
    tried = (replace(chosen, fitted="all", shrink=shrink) for shrink in SHRINKS)
    return [_line(zoo, setting, elsewhere=True) for setting in tried]


def _constants(zoo: Sequence[Matrix], chosen: Setting) -> dict[str, Any]:
    """Return what `prior` needs, how wrong it is where it knows nothing, and what its sd covers."""
    slope = slopes(zoo, chosen)
    networks = sorted({name for m in chosen.of_use(zoo) for name in m.networks})
    # The jackknife: as many fits as networks, each with one left out.
    without = np.array([slopes([m.without(networks=[n]) for m in zoo], chosen) for n in networks])
    spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    slope_sd = np.sqrt((len(networks) - 1) / len(networks) * spread)
    accuracies = [m for m in zoo if m.collection in FITTED["accuracies"]]
    typical = np.concatenate([m.values.ravel() for m in accuracies]).mean()
    top1 = [float(expit(figures(name)["top1"])) for m in zoo for name in m.networks]
    errors = {m.collection: pair_errors(zoo, m, chosen) for m in zoo}
    # The wanted unit is accuracy; the next collection is as likely like the one as like the other.
    left = [
        np.mean(e.error**2 - (slope_sd[0] * e.apart) ** 2)
        for e in (errors[m.collection] for m in accuracies)
    ]
    sd = float(np.sqrt(np.mean(left)))
    return {
        "networks": len(networks),
        "slope": np.round(slope, 3).tolist(),
        "slope_sd": np.round(slope_sd, 3).tolist(),
        "residual_sd": round(sd, 3),
        "typical_accuracy": round(float(typical), 3),
        "top1_range": [round(min(top1), 5), round(max(top1), 5)],
        "judged": {name: _cover(found, sd, slope_sd[0]) for name, found in errors.items()},
    }


def _cover(errors: Errors, sd: float, slope_sd: float) -> dict[str, float]:
    """Return the shares of true differences within 80 and 90 % of a normal, and the errors."""
    size = np.abs(errors.error) / np.hypot(sd, slope_sd * errors.apart)
    points = 100 * np.abs(errors.predicted - errors.true)
    found = {
        "within_80": np.mean(size < 1.2816),
        "within_90": np.mean(size < 1.6449),
        "rms_points": np.sqrt(np.mean(points**2)),
        "rms_points_of_saying_nothing": 100 * np.sqrt(np.mean(errors.true**2)),
        "median_points": np.median(points),
    }
    return {name: round(float(value), 3) for name, value in found.items()}


def _show(result: dict[str, Any]) -> None:
    for part in (
        *("settings", "variants"),
        *("offsets_from_elsewhere", "without_mnasnet_and_googlenet"),
    ):
        print(f"\n{part}: share of squared differences explained")
        for line in result[part]:
            how: Setting = line["setting"]
            shares = "  ".join(f"{share:+.2f}" for share in line["explained"].values())
            told = f"{how.fitted:11}{how.scale:7} ridge {how.ridge:3} shrink {how.shrink:4}"
            print(f"{told}  {shares}  mean {line['mean']:+.3f}  {' and '.join(how.features)}")
    print("\nrankings: weighted tau, over top1 [95 %], regret at 1 in points")
    for line in result["rankings"]:
        mean, low, high = line["tau_over_top1"]
        told = (
            f"{line['tau']:.2f}  {mean:+.2f} [{low:+.2f}, {high:+.2f}]  {line['regret_at_1']:.2f}"
        )
        print(f"{line['collection']:25}{line['ranking']:40}{told}")
    print("\nby difference of top1, in points: pairs, share won, mean gain, its standard deviation")
    for line in result["by_difference"]:
        print("  ".join(f"{value}" for value in line.values()))
    print("\nconstants:", json.dumps(result["constants"], indent=1))


if __name__ == "__main__":
    main()
