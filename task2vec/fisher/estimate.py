"""The diagonal Fisher information of a task: the weighted mean over its images, with its error."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.errors import SettingError
from task2vec.fisher.back_off import BackOff
from task2vec.fisher.estimators import LabelNoise
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import CountedLayers

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FisherEstimate:
    """``values`` (n,) per filter, ``errors`` (n,) their standard errors.

    ``replicates`` (K, n) are the estimates from K disjoint groups of the images: whoever needs the
    noise of something computed from the values can compute it from groups and see it vary.
    ``slow_layers`` names the layers whose images went through one at a time.
    """

    values: Vector
    errors: Vector
    replicates: Vector
    slow_layers: tuple[str, ...] = ()


def estimate_fisher(
    network: nn.Module,
    head: Callable[[Tensor], Tensor],
    batches: Iterable[Tensor],
    *,
    noise: LabelNoise,
    weights: Vector,
    groups: NDArray[np.int64],
    start: int = 0,
    counted: CountedLayers = CountedLayers.ALL,
    progress: Callable[[int], None] | None = None,
) -> FisherEstimate:
    """Average the per-image Fisher information over batches of (B, 3, H, W) images.

    ``weights`` (N,) sum to 1: an image's share of the expectation over the task. ``groups`` (N,)
    numbers each image's group from 0. ``start`` is the position of the first image among those that
    the noise was drawn for; ``counted`` says which layers have elements. ``progress`` is told how
    many images went backwards so far, each counted for every one of its cotangents.

    The standard error of ``F = sum w_i g_i`` is that of a weighted mean of independent images,
    ``SE^2 = n/(n-1) sum w_i^2 (g_i - F)^2``; it covers the sampling of images and of labels, with
    the head held.

    Where memory does not suffice for a batch, fewer of its images go at once, with the same result
    to float tolerance; an image that memory ran out on counts again in ``progress``.

    Raises `SettingError` when the network or the weights yield numbers that are not finite, and
    where memory does not suffice for one image.
    """
    per_image, back_off = PerImageFisher(network, counted), BackOff()
    # Sums of w g, w^2 g and w^2 g^2, by group where the replicates need them.
    sums = np.zeros((int(groups.max()) + 1, per_image.filters))
    squares = np.zeros((2, per_image.filters))
    first = gone = 0

    def passed(count: int) -> None:
        nonlocal gone
        gone += count
        if progress is not None:
            progress(gone)

    for images in batches:

        def squares_of(some: Tensor, offset: int, before: int = first) -> Tensor:
            at = start + before + offset
            return per_image(some, head, lambda logits: noise.cotangents(logits, at), passed=passed)

        found = back_off(images, squares_of).to(torch.float64).cpu().numpy()
        rows = slice(first, first + len(images))
        first = rows.stop
        if not np.isfinite(found).all():
            raise SettingError(
                "The probe yields numbers that are not finite on these images",
                remedy="Check the probe's weights, or use another probe.",
            )
        w = weights[rows]
        shares = np.where(groups[rows] == np.arange(len(sums))[:, None], w, 0.0)
        sums += shares @ found
        squares += w**2 @ found, w**2 @ found**2
    values = sums.sum(axis=0)
    spread = squares[1] - 2 * values * squares[0] + values**2 * (weights**2).sum()
    errors = np.sqrt(np.maximum(spread, 0) * first / max(first - 1, 1))
    shares = np.bincount(groups, weights=weights)
    return FisherEstimate(values, errors, sums / shares[:, None], per_image.slow_layers)
