"""An embedding pass against a plain forward and backward of the same images, in one run.

The baseline computes all weight gradients of the batch's loss, batch norm in evaluation mode, with
the same images, batch size, threads and allocator; once in torch's default memory format, once
with channels last. All alternate; ratios are of medians. The networks have random weights: the
numbers are of speed only.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import timm
import torch
from torch import Tensor, nn

from benchmarks.operations import count_operations
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.fisher.estimators import LabelModel, draw_noise
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import CountedLayers, Estimator

#: The goal for EfficientNet-Lite0 is absolute, that of the others relative to the counted floor.
#: Of its layers, the probe counts the depthwise ones.
NETWORKS = (
    ("tf_efficientnet_lite0", CountedLayers.DEPTHWISE, 0.8),
    ("tf_efficientnet_lite0", CountedLayers.ALL, 0.8),
    ("resnet18", CountedLayers.ALL, None),
    ("resnet34", CountedLayers.ALL, None),
    ("vit_small_patch16_224", CountedLayers.ALL, None),
)
OF_THE_FLOOR = 1.1
IMAGES, PIXELS, CLASSES, ROUNDS = 16, 128, 10, 9


def measure() -> dict[str, Any]:
    """Return seconds an image, ratios and the counted floor, for each network."""
    keep_freed_memory()
    networks = [_measure(*network) for network in NETWORKS]
    return {
        "networks": networks,
        "goal": "EfficientNet-Lite0 <= 0.8, others <= 1.1 of the counted floor",
        "met": all(network["met"] for network in networks),
    }


def _measure(name: str, counted: CountedLayers, goal: float | None) -> dict[str, Any]:
    torch.manual_seed(0)
    options: dict[str, Any] = {"img_size": PIXELS} if name.startswith("vit") else {}
    network: nn.Module = timm.create_model(name, num_classes=0, **options).eval()
    images = torch.randn(IMAGES, 3, PIXELS, PIXELS)
    operations = count_operations(network, images[:1], counted)
    with torch.inference_mode():
        width = network(images[:1]).shape[1]
    weight = torch.randn(CLASSES, width) / width**0.5
    labels = torch.zeros(IMAGES, dtype=torch.long)
    noise = draw_noise(
        Estimator.RADEMACHER, LabelModel(images=IMAGES, classes=CLASSES), draws=1, seed=0
    )
    per_image = PerImageFisher(network, counted)

    def head(features: Tensor) -> Tensor:
        return nn.functional.linear(features, weight)

    def plain(given: Tensor) -> None:
        network.requires_grad_(True)
        loss = nn.functional.cross_entropy(head(network(given)), labels)
        torch.autograd.grad(loss, list(network.parameters()))

    def ours() -> None:
        network.requires_grad_(False)
        per_image(images, head, lambda logits: noise.cotangents(logits, 0))

    turned = images.contiguous(memory_format=torch.channels_last)
    seconds = _alternate(
        {"plain": lambda: plain(images), "last": lambda: plain(turned), "ours": ours}
    )
    ratio = seconds["ours"] / seconds["plain"]
    limit = goal if goal is not None else OF_THE_FLOOR * operations.floor
    return {
        "network": name,
        "layers": counted,
        "pixels": PIXELS,
        "batch": IMAGES,
        "plain_seconds_per_image": round(seconds["plain"], 5),
        "plain_channels_last_seconds_per_image": round(seconds["last"], 5),
        "pass_seconds_per_image": round(seconds["ours"], 5),
        "ratio": round(ratio, 3),
        "ratio_to_channels_last": round(seconds["ours"] / seconds["last"], 3),
        "counted_floor": round(operations.floor, 3),
        "goal": f"ratio <= {limit:.3f}" + ("" if goal else " (1.1 times the counted floor)"),
        "met": ratio <= limit,
    }


def _alternate(works: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the median seconds an image of each, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(ROUNDS + 1):
        for name, work in works.items():
            started = perf_counter()
            work()
            if turn:  # the first warms up
                taken[name].append((perf_counter() - started) / IMAGES)
    return {name: median(times) for name, times in taken.items()}
