"""How noisy the gain of a linear probe is: ``python -m research.transfer.probe_noise``.

A probe sees the images to learn from of one draw; the outcome of the same model and target is the
mean over many draws and other test images. Their differences are normal with the variance that the
probe's images say, `NOISE` times, of which a share `COMMON` is shared by all models of the draw.
Both are fitted on the choosing half of the families and judged on the other.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from scipy.optimize import minimize

from research import RESULTS
from research.development.tasks import choosing_families
from research.transfer.cascading import read_scores
from research.transfer.tables import read_transfer
from research.transfer.targets import Budget
from task2vec.recommendation.evidence.world import Matrix

OUT = RESULTS / "transfer_probe_noise.json"


@dataclass(frozen=True, eq=False)
class Probed:
    """All models probed on one draw of a target: (n,) numbers each.

    ``off`` is the probe's gain minus the outcome's, ``variances`` are those that the probe's images
    say, ``outcome_variances`` those of the outcomes.
    """

    budget: Budget
    choosing: bool
    off: Matrix
    variances: Matrix
    outcome_variances: Matrix


def main() -> None:
    """Fit, judge, write and print."""
    every = read_probed()
    halves = {
        "choosing": [each for each in every if each.choosing],
        "reporting": [each for each in every if not each.choosing],
    }
    noise, common = fit(halves["choosing"])
    told = {
        "as the images say": (1.0, 0.0),
        "fitted on the choosing half": (noise, common),
    }
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "noise": round(noise, 2),
        "common": round(common, 2),
        "log_density_a_probe": {
            name: {
                half: {
                    **{
                        str(budget): _density([p for p in some if p.budget is budget], values)
                        for budget in Budget
                    },
                    "both": _density(some, values),
                }
                for half, some in halves.items()
            }
            for name, values in told.items()
        },
    }
    text = json.dumps(document, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(text)


def read_probed() -> list[Probed]:
    """Return every target on every draw that is shown."""
    found = []
    for budget in Budget:
        for draw in range(budget.shown):
            transfer = read_transfer(budget, distance="plain", draw=draw)
            world = transfer.world
            scores = read_scores(world, budget, draw=draw)
            choosing = choosing_families(set(transfer.families))
            for target, family in enumerate(transfer.families):
                models = np.flatnonzero(world.measured[:, target]).tolist()
                told = [
                    (model, each.with_error(classes=int(scores.classes[target])))
                    for model in models
                    if (each := scores.measured(model, target, default=world.default))
                ]
                rows = [model for model, _ in told]
                gains, variances = np.array([pair for _, pair in told]).T
                outcomes = world.gains[rows, target], world.variances[rows, target]
                off = gains - outcomes[0]
                found.append(Probed(budget, family in choosing, off, variances, outcomes[1]))
    return found


def fit(probed: Sequence[Probed]) -> tuple[float, float]:
    """Return the noise and the common share that the probes are most probable under."""
    found = minimize(
        lambda x: -log_density(probed, noise=float(np.exp(x[0])), common=float(_share(x[1]))),
        [0.0, -0.5],
        method="Nelder-Mead",
        options={"maxiter": 200, "xatol": 1e-3, "fatol": 1e-6},
    )
    return float(np.exp(found.x[0])), float(_share(found.x[1]))


def log_density(probed: Sequence[Probed], *, noise: float, common: float) -> float:
    """Return the mean log density of a probe, but for a constant."""
    total, count = 0.0, 0
    for each in probed:
        covariance = _covariance(noise * each.variances, common)
        # Outcomes share the default's error as probes do.
        covariance += _covariance(each.outcome_variances, common)
        factor = np.linalg.cholesky(covariance)
        z = np.linalg.solve(factor, each.off)
        total -= float(z @ z) / 2 + float(np.log(np.diagonal(factor)).sum())
        count += len(z)
    return total / count


def _covariance(variances: Matrix, common: float) -> Matrix:
    shared = np.sqrt(common * variances)
    return np.asarray(np.outer(shared, shared) + np.diag((1 - common) * variances))


def _density(probed: Sequence[Probed], values: tuple[float, float]) -> float:
    noise, common = values
    return round(log_density(probed, noise=noise, common=common), 3)


def _share(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


if __name__ == "__main__":
    main()
