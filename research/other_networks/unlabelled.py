"""Small networks trained here from nothing, without labels, on half of the families.

    python -m research.other_networks.unlabelled [ARCHITECTURE ...]

A ConvNet and a vision transformer learn to see two jittered views of an image as one, by VICReg
(Bardes, Ponce and LeCun, 2022, arXiv:2105.04906). They meet the targets of the other half of the
families, beside the same networks with the random weights that they began with.
"""

import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from math import cos, pi

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from research.development.tasks import cache, choosing_families, development_tasks
from research.other_networks.probed import add_cells
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import draw_sample
from task2vec.embedding.allocator import keep_freed_memory
from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.weights import read_safetensors, write_safetensors

SIDE = 96
#: Images of a task; half of the families have 18 tasks.
IMAGES = 240
BATCH, STEPS, RATE, WIDTH = 64, 240, 1e-3, 512
#: The published weights of what VICReg sums: see `vicreg`.
INVARIANCE, VARIANCE, COVARIANCE = 25.0, 25.0, 1.0
_LEAST_VARIANCE = 1e-4
_LOOK = Preprocessing(SIDE, (0.5,) * 3, (0.5,) * 3)


def small_convnet() -> nn.Module:
    """Return a ConvNet of 0.4 million weights: (N, 3, 96, 96) -> (N, 256)."""
    widths = (3, 32, 64, 128, 256)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [
            nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def small_transformer() -> nn.Module:
    """Return a vision transformer of 0.9 million weights: (N, 3, 96, 96) -> (N, 128)."""
    made: nn.Module = timm.models.VisionTransformer(
        img_size=SIDE,
        patch_size=12,
        embed_dim=128,
        depth=4,
        num_heads=4,
        num_classes=0,
        global_pool="avg",
    )
    return made


ARCHITECTURES = {"small_convnet": small_convnet, "small_transformer": small_transformer}


def view(images: Tensor, generator: torch.Generator) -> Tensor:
    """Return what is seen of (N, 3, S, S) images through a random window, in other colours.

    The window has half to all of an image's side. Nothing is flipped, since letters are not
    symmetric. Contrast and brightness change for each channel, and one image in five is grey.
    """
    count = len(images)

    def uniform(least: float, most: float, *shape: int) -> Tensor:
        return least + (most - least) * torch.rand(count, *shape, generator=generator)

    side = uniform(0.5, 1)
    transform = torch.zeros(count, 2, 3)
    transform[:, 0, 0] = transform[:, 1, 1] = side
    transform[:, :, 2] = uniform(-1, 1, 2) * (1 - side[:, None])
    grid = functional.affine_grid(transform, list(images.shape), align_corners=False)
    seen = functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
    seen = seen * uniform(0.6, 1.4, 3, 1, 1) + uniform(-0.3, 0.3, 3, 1, 1)
    grey = uniform(0, 1, 1, 1, 1) < 0.2
    return torch.where(grey, seen.mean(dim=1, keepdim=True), seen)


def vicreg(a: Tensor, b: Tensor) -> Tensor:
    """Return the loss of two views' (N, D) embeddings.

    The mean squared difference of the views; how far each dimension's standard deviation stays
    below 1; and the squared covariances between dimensions, over D: weighted and summed.
    """
    loss = INVARIANCE * functional.mse_loss(a, b)
    for one in (a, b):
        centred = one - one.mean(dim=0)
        deviation = (centred.square().sum(dim=0) / (len(one) - 1) + _LEAST_VARIANCE).sqrt()
        covariance = centred.T @ centred / (len(one) - 1)
        others = covariance - torch.diag(covariance.diagonal())
        loss = loss + VARIANCE / 2 * functional.relu(1 - deviation).mean()
        loss = loss + COVARIANCE * others.square().sum() / one.shape[1]
    return loss


def learnt(network: nn.Module, images: NDArray[np.uint8], *, steps: int) -> list[float]:
    """Train a network on (N, S, S, 3) images in place, and return the loss of each step."""
    generator = torch.Generator().manual_seed(0)
    looker = _looker()
    network.train().requires_grad_(True)
    with torch.no_grad():
        features = network(looker.to_input(list(images[:2]))).shape[1]
    torch.manual_seed(0)
    expander = nn.Sequential(
        nn.Linear(features, WIDTH), nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH)
    )
    both = nn.Sequential(network, expander)
    optimiser = torch.optim.AdamW(both.parameters(), lr=RATE, weight_decay=1e-4)
    losses = []
    batch = min(BATCH, len(images))
    order = torch.empty(0, dtype=torch.int64)
    for step in range(steps):
        if len(order) < batch:
            order = torch.randperm(len(images), generator=generator)
        chosen, order = order[:batch], order[batch:]
        for group in optimiser.param_groups:
            group["lr"] = RATE * min((step + 1) / 20, 0.5 * (1 + cos(pi * step / steps)))
        shown = looker.to_input(list(images[chosen.numpy()]))
        loss = vicreg(both(view(shown, generator)), both(view(shown, generator)))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    network.eval().requires_grad_(False)
    return losses


def begun(name: str) -> Probe:
    """Return a network with the random weights that its training begins with."""
    torch.manual_seed(0)
    card = ProbeCard(name, name, "random", _LOOK, "the project's own")
    return Probe(card, ARCHITECTURES[name]())


def trained(name: str) -> Probe:
    """Return a network trained without labels on half of the families, kept in the cache."""
    probe = begun(name)
    path = cache() / "unlabelled" / f"{name}.safetensors"
    if not path.exists():
        began = time.process_time()
        losses = learnt(probe.backbone, images_of(families()), steps=STEPS)
        seconds = time.process_time() - began
        first, last = np.mean(losses[:10]), np.mean(losses[-10:])
        print(f"{name}: loss {first:.1f} to {last:.1f} in {seconds:.0f} s", flush=True)
        path.parent.mkdir(exist_ok=True)
        write_safetensors(path, probe.backbone.state_dict(), {})
    state, _ = read_safetensors(path)
    probe.backbone.load_state_dict(state)
    return Probe(probe.card, probe.backbone)


def families() -> set[str]:
    """Return the families that the networks are trained on."""
    return choosing_families({task.family for task in development_tasks().values()})


def images_of(chosen: set[str]) -> NDArray[np.uint8]:
    """Return the (N, S, S, 3) images of some of each task of these families."""
    found: list[Sequence[Pixels]] = [
        draw_sample(
            open_source(task.folder),
            images=IMAGES,
            seed=0,
            transform=_looker().preprocess,
        ).images
        for task in development_tasks().values()
        if task.family in chosen
    ]
    return np.concatenate([np.stack(images) for images in found])


def _looker() -> Probe:
    """Return a probe that only prepares images."""
    return Probe(ProbeCard("unlabelled", "none", "none", _LOOK, "none"), nn.Conv2d(3, 1, 1))


if __name__ == "__main__":
    keep_freed_memory()
    for name in sys.argv[1:] or ARCHITECTURES:
        add_cells(f"{name}, random", begun(name), but=families())
        add_cells(name, trained(name), but=families())
