"""An embedding pass against a plain forward and backward of the same images, in one run.

The baseline computes all weight gradients of the batch's loss, batch norm in evaluation mode, with
the same images, batch size, threads and allocator. The two alternate; the ratio is of medians.
"""

from statistics import median
from time import perf_counter
from typing import Any

import timm
import torch
from torch import Tensor, nn

from task2vec.engine.allocator import keep_freed_memory
from task2vec.fisher.estimators import LabelNoise
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import Estimator

NETWORKS = ("tf_efficientnet_lite0", "resnet18", "resnet34")
IMAGES, PIXELS, CLASSES, ROUNDS = 16, 128, 10, 7


def measure() -> list[dict[str, Any]]:
    """Return seconds an image and the ratio, for each network (random weights: speed only)."""
    keep_freed_memory()
    return [_measure(name) for name in NETWORKS]


def _measure(name: str) -> dict[str, Any]:
    torch.manual_seed(0)
    network: nn.Module = timm.create_model(name, num_classes=0).eval()
    images = torch.randn(IMAGES, 3, PIXELS, PIXELS)
    with torch.inference_mode():
        width = network(images[:1]).shape[1]
    weight = torch.randn(CLASSES, width) / width**0.5
    labels = torch.zeros(IMAGES, dtype=torch.long)
    noise = LabelNoise(Estimator.RADEMACHER, images=IMAGES, classes=CLASSES, draws=1, seed=0)
    per_image = PerImageFisher(network)

    def plain() -> None:
        network.requires_grad_(True)
        loss = nn.functional.cross_entropy(network(images) @ weight.T, labels)
        torch.autograd.grad(loss, list(network.parameters()))

    def ours() -> None:
        network.requires_grad_(False)
        per_image(images, lambda features: features @ weight.T, _cotangents(noise))

    plain(), ours()
    seconds: dict[str, list[float]] = {"plain": [], "ours": []}
    for _ in range(ROUNDS):
        for key, work in (("plain", plain), ("ours", ours)):
            started = perf_counter()
            work()
            seconds[key].append((perf_counter() - started) / IMAGES)
    return {
        "network": name,
        "pixels": PIXELS,
        "batch": IMAGES,
        "plain_seconds_per_image": round(median(seconds["plain"]), 5),
        "pass_seconds_per_image": round(median(seconds["ours"]), 5),
        "ratio": round(median(seconds["ours"]) / median(seconds["plain"]), 3),
        "ratio_of_minima": round(min(seconds["ours"]) / min(seconds["plain"]), 3),
        "goal": "ratio <= 2",
    }


def _cotangents(noise: LabelNoise) -> Any:
    def draw(logits: Tensor) -> Tensor:
        return noise.cotangents(logits, 0)

    return draw
