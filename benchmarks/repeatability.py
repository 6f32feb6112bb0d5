"""How far repeats of an embedding are apart, against how far tasks are apart; and who is nearest.

Three kinds of repeats, from the least to the most: the same images with new signs; two seeds (new
signs, another draw of images where the task has more than are used, head refitted); disjoint
halves of a task (new signs, no image in common, head refitted). Distances are plain; the last are
told without noise, too, as neighbours are.
"""

from dataclasses import replace
from itertools import combinations
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.examples import families, folder
from task2vec.data.open import open_source
from task2vec.data.task import Task
from task2vec.distance import (
    plain_symmetric_distance,
    symmetric_matrix,
    task_symmetric_distance,
    with_prior,
)
from task2vec.embedding.embedder import Embedder
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.registry import load_probe
from task2vec.types import TaskEmbedding

IMAGES = 300


def measure() -> dict[str, Any]:
    """Embed all examples under two seeds, and the larger ones by halves."""
    probe = load_probe("efficientnet_lite0")
    tasks = {name: open_source(folder(name)) for name in families()}
    first = {name: _embed(probe, task, seed=0) for name, task in tasks.items()}
    second = {name: _embed(probe, task, seed=1) for name, task in tasks.items()}
    pairs = list(combinations(first.values(), 2))
    between = median(plain_symmetric_distance(a, b) for a, b in pairs)
    between_noiseless = median(task_symmetric_distance(a, b) for a, b in pairs)
    more = {name for name, task in tasks.items() if len(task.entries) > IMAGES}
    seeds = {name: plain_symmetric_distance(first[name], second[name]) for name in tasks}
    halves = {name: _halves(probe, tasks[name]) for name in sorted(more)}
    only_signs = mean(value for name, value in seeds.items() if name not in more) / between
    repeats = median(half["measured"] for half in halves.values()) / between
    repeats_noiseless = median(half["noiseless"] for half in halves.values()) / between_noiseless
    return {
        "images": IMAGES,
        "median_distance_between_tasks": round(between, 4),
        "median_distance_without_noise": round(between_noiseless, 4),
        "two_seeds": {name: round(value, 4) for name, value in seeds.items()},
        "two_seeds_mean": round(mean(seeds.values()), 4),
        "ratio_two_seeds": round(mean(seeds.values()) / between, 4),
        "ratio_two_seeds_other_images": round(mean(seeds[n] for n in more) / between, 4),
        "ratio_only_signs_change": round(only_signs, 4),
        "disjoint_halves": halves,
        "ratio_disjoint_halves": round(repeats, 4),
        "ratio_disjoint_halves_without_noise": round(repeats_noiseless, 4),
        "disjoint_halves_stated_over_measured": round(
            mean(h["stated"] / h["measured"] for h in halves.values()), 3
        ),
        "goal": "disjoint halves <= 0.1, only signs new <= 0.05",
        "met": repeats_noiseless <= 0.1 and only_signs <= 0.05,
        "nearest_of_same_family": _same_family(first),
    }


def _embed(probe: Any, task: Task, *, seed: int, images: int = IMAGES) -> TaskEmbedding:
    return Embedder(probe, EmbeddingSettings(images=images, seed=seed)).embed(task).embedding


def _halves(probe: Any, task: Task) -> dict[str, float]:
    """Embed two disjoint halves; the stated standard error is of an embedding of one half."""
    parts = [
        replace(task, entries=tuple(e for i, e in enumerate(task.entries) if i % 2 == parity))
        for parity in (0, 1)
    ]
    a, b = (_embed(probe, part, seed=seed, images=10_000) for seed, part in enumerate(parts))
    return {
        "images": a.provenance.images,
        "measured": round(plain_symmetric_distance(a, b), 4),
        "noiseless": round(task_symmetric_distance(a, b), 4),
        "stated": round((a.provenance.standard_error + b.provenance.standard_error) / 2, 4),
    }


def _same_family(embeddings: dict[str, TaskEmbedding]) -> dict[str, Any]:
    names = list(embeddings)
    family = families()
    space = embeddings[names[0]].space
    values = with_prior(np.stack([embeddings[n].values for n in names]), space.prior_precision)
    distances = symmetric_matrix(values, values)
    np.fill_diagonal(distances, np.inf)
    nearest = {name: names[int(distances[i].argmin())] for i, name in enumerate(names)}
    relatives = [n for n in names if sum(family[m] == family[n] for m in names) > 1]
    right = [n for n in relatives if family[nearest[n]] == family[n]]
    return {
        "right": len(right),
        "of": len(relatives),
        "nearest": nearest,
        "left_out": "tasks without a relative: " + ", ".join(sorted(set(names) - set(relatives))),
    }
