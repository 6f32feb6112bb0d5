"""What it costs the published method to be as repeatable as one draw of ours.

The method of Achille et al. (2019) as its code does it, in its plainest form: labels drawn from the
model, the loss of a batch of 64, its gradient squared. Both get the same images, head, prior and
evaluation mode (its own training mode adds noise of its own), and are compared on the filters that
the probe counts, though the published method has gradients of all. Repeatability is the symmetric
distance between two seeds; cost counts forward and backward passes of images.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.examples import folder
from benchmarks.operations import counted_filters
from task2vec.data.open import open_source
from task2vec.distance import symmetric_distance, with_prior
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.embedding.embedder import Embedded, Embedder
from task2vec.embedding.inputs import features
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.probe.head import Head, fit_head
from task2vec.probe.probe import Probe
from task2vec.probe.registry import load_probe

#: At most 300 images each, so that two seeds see the same and only their draws differ.
TASKS = ("sprites_facing", "emoji_food")
PROBE = "efficientnet_lite0?input_size=96"
BATCH = 64
DRAWS = (1, 2, 4, 8, 16, 32)
GOAL = 100

Vector = NDArray[np.float64]


def measure() -> dict[str, Any]:
    """Compare both on some example tasks."""
    keep_freed_memory()
    probe = load_probe(PROBE)
    found = {name: _compare(probe, name) for name in TASKS}
    ratios = [task["passes_ratio"] for task in found.values()]
    return {
        "probe": PROBE,
        "batch": BATCH,
        "tasks": found,
        "passes_ratio_median": round(median(ratios), 1),
        "goal": f"cost to reach the same repeatability >= {GOAL} times ours",
        "met": min(ratios) >= GOAL,
    }


def squared_batch_gradients(
    network: nn.Module, logits: Tensor, labels: Tensor, *, retain_graph: bool = False
) -> Vector:
    """Return (n,): the squared gradient of a batch's summed loss, averaged over each filter.

    The published code squares the gradient of the batch's *mean* loss, which is B^2 times smaller;
    divided by B, this one averages to the batch's mean Fisher information, since the gradients of
    different images are independent and average to zero under the model's own labels.
    """
    kernels = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d)]
    loss = nn.functional.cross_entropy(logits, labels, reduction="sum")
    gradients = torch.autograd.grad(loss, kernels, retain_graph=retain_graph)
    per_filter = torch.cat([g.square().flatten(1).mean(dim=1) for g in gradients])
    return per_filter.double().numpy()


def published_fisher(
    network: nn.Module,
    head: Callable[[Tensor], Tensor],
    batches: Sequence[Tensor],
    *,
    draws: int,
    seed: int,
) -> Vector:
    """Return (draws, n): the estimate of the Fisher information after each draw of all labels.

    The draws of a batch share its forward pass, which changes nothing but the time.
    """
    generator = torch.Generator().manual_seed(seed)
    sums = None
    for batch in batches:
        logits = head(network(batch))
        p = logits.detach().softmax(dim=1)
        labels = torch.multinomial(p, draws, replacement=True, generator=generator)
        found = np.stack(
            [
                squared_batch_gradients(network, logits, labels[:, draw], retain_graph=True)
                for draw in range(draws)
            ]
        )
        sums = found if sums is None else sums + found
    assert sums is not None, "at least one batch"
    after: Vector = np.cumsum(sums, axis=0) / np.arange(1, draws + 1)[:, None]
    return after / sum(map(len, batches))


def draws_needed(distances: dict[int, float], target: float) -> tuple[float, bool]:
    """Return from how many draws on the distance stays below a target, and if by extrapolation.

    Under a confident head a few draws hit the likeliest label only, in both seeds, which agree
    until one of them draws another: so what counts at R draws is the largest distance from R on.
    Between measured numbers of draws the logarithms are interpolated. Beyond the last the distance
    falls as one over the draws: the most that averaging can give, so that the true number is no
    smaller.
    """
    largest = np.maximum.accumulate(np.array(list(distances.values()))[::-1])[::-1]
    draws, logs, wanted = np.log(list(distances)), np.log(largest), np.log(target)
    if wanted < logs[-1]:
        return float(np.exp(draws[-1] + logs[-1] - wanted)), True
    return float(np.exp(np.interp(-wanted, -logs, draws))), False


def _compare(probe: Probe, name: str) -> dict[str, Any]:
    ours = [_ours(probe, name, seed) for seed in (0, 1)]
    (one, seconds_ours), (two, _) = ours
    prior = one.embedding.space.prior_precision
    values = [embedded.embedding.values.astype(np.float64) for embedded in (one, two)]
    target = _distance(values[0], values[1], prior)
    sample = one.sample
    seen = torch.cat(list(features(probe, sample.images))).numpy()
    head = fit_head(seen, sample.labels, classes=len(sample.classes))
    order = np.random.default_rng(0).permutation(len(sample.images))
    batches = [
        probe.to_input([sample.images[i] for i in order[first : first + BATCH]])
        for first in range(0, len(order), BATCH)
    ]
    probe.backbone.requires_grad_(True)
    try:
        estimates = [
            published_fisher(
                probe.backbone, head.on(probe.backbone), batches, draws=DRAWS[-1], seed=seed
            )
            for seed in (0, 1)
        ]
        seconds = _seconds_a_pass(probe, head, batches[0])
    finally:
        probe.backbone.requires_grad_(False)
    kept = counted_filters(probe)
    distances = {
        draws: _distance(estimates[0][draws - 1, kept], estimates[1][draws - 1, kept], prior)
        for draws in DRAWS
    }
    needed, extrapolated = draws_needed(distances, target)
    return {
        "images": len(sample.images),
        "classes": len(sample.classes),
        "estimator": one.embedding.provenance.estimator,
        "distance_of_two_seeds": round(target, 5),
        "published_distance_of_two_seeds": {k: round(v, 5) for k, v in distances.items()},
        "draws_needed": round(needed, 1),
        "extrapolated_as_one_over_draws": extrapolated,
        "passes_ratio": round(needed, 1),
        "seconds_per_image": {"ours": round(seconds_ours, 5), "published": round(seconds, 5)},
        "seconds_ratio": round(needed * seconds / seconds_ours, 1),
    }


def _ours(probe: Probe, name: str, seed: int) -> tuple[Embedded, float]:
    """Embed with one draw an image; the seconds are those of an image's Fisher information."""
    told: list[tuple[float, int]] = []

    def progress(stage: str, done: int, _total: int) -> None:
        if stage == "fisher":
            told.append((perf_counter(), done))

    settings = EmbeddingSettings(seed=seed)
    embedded = Embedder(probe, settings).embed(open_source(folder(name)), progress)
    # From batch to batch: what came before the first includes the fit of the head.
    steps = pairwise(told)
    return embedded, median(
        (after - before) / (done - had) for (before, had), (after, done) in steps if done > had
    )


def _seconds_a_pass(probe: Probe, head: Head, batch: Tensor) -> float:
    found = []
    for seed in range(8):
        started = perf_counter()
        published_fisher(probe.backbone, head.on(probe.backbone), [batch], draws=1, seed=seed)
        found.append((perf_counter() - started) / len(batch))
    return median(found[1:])


def _distance(a: Vector, b: Vector, prior: float) -> float:
    return float(symmetric_distance(with_prior(a, prior), with_prior(b, prior)))
