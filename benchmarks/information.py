"""The information Lagrangian on example tasks: convergence, cost, and agreement with Fisher.

`measure_default` tells what the command itself takes at its defaults.

The Fisher limit is told by the rank correlation, over filters, of the curvature that the fit ends
with and the Fisher information, beside that of two estimates of the Fisher information.
"""

import json
import sys
from time import perf_counter
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from benchmarks.examples import folder
from benchmarks.timed_command import timed
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import draw_sample
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.embedding.information import InformationSettings, noisy_task
from task2vec.fisher.curve import curve_point, disorder, sweep
from task2vec.probe.registry import load_probe

TASKS = ("clipart_food",)
IMAGES = 40
#: The first is the limit of little noise.
BETAS = (1e-9, 1e-7, 1e-6, 1e-5, 1e-4)


def measure() -> dict[str, Any]:
    """Sweep beta for each task."""
    keep_freed_memory()
    return {
        "images": IMAGES,
        "tolerance": InformationSettings().stopping.tolerance,
        "tasks": {name: _task(name) for name in TASKS},
    }


def measure_default() -> dict[str, Any]:
    """Time `task2vec information` of each task at its defaults, from process start to result."""
    return {"tasks": {name: _command(name) for name in TASKS}}


def _command(name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "task2vec", "information", str(folder(name)), "--json"]
    clock, processor, output = timed(command)
    found = json.loads(output)
    return {
        "images": found["images"],
        "classes": found["classes"],
        "wall_seconds": round(clock, 1),
        "processor_seconds": round(processor, 1),
        "curve": [
            {name: point[name] for name in ("beta", "rounds", "converged")}
            for point in found["curve"]
        ],
    }


def _task(name: str) -> dict[str, Any]:
    probe, settings = load_probe("efficientnet_lite0"), InformationSettings(images=IMAGES)
    sample = draw_sample(
        open_source(folder(name)), images=IMAGES, seed=0, transform=probe.preprocess
    )
    noisy = noisy_task(probe, sample, settings)
    objective, prior = noisy.objective, noisy.prior
    still = np.zeros(len(prior))
    looks = [objective.sample(still).curvature.mean(axis=0) for _ in range(4)]
    fisher = np.mean(looks, axis=0)
    halves = np.mean(looks[:2], axis=0), np.mean(looks[2:], axis=0)
    # Of two halves, by the formula of Spearman and Brown.
    between = spearmanr(*halves).statistic
    points, rows, start = [], [], perf_counter()
    for found in sweep(objective, BETAS, prior=prior, start=fisher, stopping=settings.stopping):
        seconds, start = perf_counter() - start, perf_counter()
        of_place = float(noisy.of_place.sum())
        point = curve_point(objective, found, prior=prior, of_place=of_place)
        points.append(point)
        rows.append(
            {
                "beta": point.beta,
                "loss": round(point.loss, 5),
                "loss_error": round(point.loss_error, 5),
                "nats": round(point.nats),
                "nats_beyond_place": round(point.nats - of_place),
                "converged": point.converged,
                "rounds": point.rounds,
                "gradient": round(point.gradient, 3),
                "error": round(point.error, 3),
                "rank_correlation_with_fisher": round(
                    float(spearmanr(found.curvature, fisher).statistic), 4
                ),
                "factors_of_layers": [
                    round(float(q), 2) for q in np.quantile(found.factors, (0, 0.25, 0.5, 0.75, 1))
                ],
                "seconds": round(seconds, 1),
            }
        )
        print(rows[-1], flush=True)
    return {
        "classes": len(sample.classes),
        "loss_of_weights": round(noisy.head.fit.loss, 5),
        "rank_correlation_of_fisher_with_itself": round(float(2 * between / (1 + between)), 4),
        "curve": rows,
        "not_monotone": disorder(points),
    }
