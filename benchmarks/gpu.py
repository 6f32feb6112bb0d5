"""An embedding pass on a GPU: throughput, share of what the card can do, memory, agreement."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import timm
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.examples import folder
from task2vec.data.open import open_source
from task2vec.distance import symmetric_distance, with_prior
from task2vec.embedding.engine import LocalEngine
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.per_image import PerImageFisher

NETWORKS = ("tf_efficientnet_lite0", "resnet18", "resnet34", "vit_small_patch16_224")
BATCH, PIXELS, CLASSES, ROUNDS = 64, 224, 10, 7
TASK, IMAGES = "emoji_food", 100
GOAL_LITE0, GOAL = 0.8, 1.1


def measure() -> dict[str, Any] | None:
    """Measure on the first GPU; None, and nothing is recorded, where torch sees none."""
    if not torch.cuda.is_available():
        print("no GPU here: nothing is recorded", flush=True)
        return None
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    peak = _best_matmul()
    networks = [_measure(name, peak) for name in NETWORKS]
    agreement = _agreement()
    return {
        "card": torch.cuda.get_device_name(),
        "float32_tera_flops_of_a_large_product": round(peak / 1e12, 2),
        "networks": networks,
        "agreement_with_cpu": agreement,
        "goal": f"pass <= {GOAL_LITE0:g} times plain forward and backward for Lite0, {GOAL:g} times"
        " for the others; relative difference from the CPU <= 1e-3",
        "met": agreement["median_relative_difference"] <= 1e-3
        and all(
            n["ratio"] <= (GOAL_LITE0 if n["network"] == NETWORKS[0] else GOAL) for n in networks
        ),
    }


def _measure(name: str, peak: float) -> dict[str, Any]:
    torch.manual_seed(0)
    network: nn.Module = timm.create_model(name, num_classes=0).eval().cuda()
    images = torch.randn(BATCH, 3, PIXELS, PIXELS, device="cuda")
    with torch.inference_mode():
        width = network(images[:1]).shape[1]
    weight = torch.randn(CLASSES, width, device="cuda") / width**0.5
    labels = torch.zeros(BATCH, dtype=torch.long, device="cuda")
    signs = torch.randn(1, BATCH, CLASSES, device="cuda").sign()
    network.requires_grad_(False)
    per_image = PerImageFisher(network)

    def plain() -> None:
        network.requires_grad_(True)
        loss = nn.functional.cross_entropy(network(images) @ weight.T, labels)
        torch.autograd.grad(loss, [p for p in network.parameters() if p.requires_grad])
        network.requires_grad_(False)

    def ours() -> None:
        per_image(images, lambda features: features @ weight.T, lambda _logits: signs)

    with FlopCounterMode(display=False) as counter:
        plain()
    seconds, memory = {}, {}
    for key, work in (("plain", plain), ("ours", ours)):
        seconds[key], memory[key] = _timed(work)
    # Counted for the plain pass: what ours does without is no work that it did.
    share = counter.get_total_flops() / seconds["ours"] / peak
    return {
        "network": name,
        "pixels": PIXELS,
        "batch": BATCH,
        "images_per_second": round(BATCH / seconds["ours"], 1),
        "plain_images_per_second": round(BATCH / seconds["plain"], 1),
        "ratio": round(seconds["ours"] / seconds["plain"], 3),
        "plain_flops_as_share_of_product_flops": round(share, 3),
        "peak_memory_mib": {key: round(value / 2**20) for key, value in memory.items()},
    }


def _timed(work: Callable[[], None]) -> tuple[float, int]:
    """Return the median seconds of a call and the most memory that it took."""
    work()
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    found = []
    for _ in range(ROUNDS):
        started = perf_counter()
        work()
        torch.cuda.synchronize()
        found.append(perf_counter() - started)
    return median(found), torch.cuda.max_memory_allocated()


def _best_matmul(side: int = 8192) -> float:
    """Return the operations a second of a large float32 product: what the card can really do."""
    factor: Tensor = torch.randn(side, side, device="cuda")

    def product() -> None:
        torch.mm(factor, factor)

    seconds, _ = _timed(product)
    return 2.0 * side**3 / seconds


def _agreement() -> dict[str, float]:
    """Embed one task on both and compare, element by element and by distance."""
    task, settings = open_source(folder(TASK)), EmbeddingSettings(images=IMAGES)
    on_gpu, on_cpu = (
        LocalEngine(device).embed(task, probe="efficientnet_lite0", settings=settings).embedding
        for device in ("cuda", "cpu")
    )
    prior = on_cpu.space.prior_precision
    scale = np.maximum(on_cpu.values, prior)
    relative = np.abs(on_gpu.values - on_cpu.values) / scale
    return {
        "median_relative_difference": float(np.median(relative)),
        "largest_relative_difference": float(relative.max()),
        "symmetric_distance": float(
            symmetric_distance(with_prior(on_gpu.values, prior), with_prior(on_cpu.values, prior))
        ),
    }
