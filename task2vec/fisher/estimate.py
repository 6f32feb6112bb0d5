"""The diagonal Fisher information of a task: the weighted mean over its images, with its error."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from queue import SimpleQueue
from threading import get_ident

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.distance import GROUPS
from task2vec.errors import SettingError
from task2vec.fisher.estimators import LabelNoise
from task2vec.fisher.oom_retry import OomRetry
from task2vec.fisher.parallel_batches import batches_at_once, map_batches
from task2vec.fisher.per_image import PerImageFisher
from task2vec.types import CountedLayers

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FisherEstimate:
    """``values`` (n,) per filter, ``errors`` (n,) their standard errors.

    ``replicates`` (K, n) are the estimates from K disjoint groups of the images: the noise of
    a number computed from the values is seen when it is computed from each group.
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
    only: Callable[[nn.Parameter], bool] | None = None,
    progress: Callable[[int], None] | None = None,
) -> FisherEstimate:
    """Average the per-image Fisher information over batches of (B, 3, H, W) images.

    ``weights`` (N,) sum to 1: an image's share of the expectation over the task. ``groups`` (N,)
    numbers each image's group from 0. ``start`` is the position of the first image among those that
    the noise was drawn for; ``counted`` and ``only`` say which layers have elements. ``progress``
    is told how many images went backwards so far, each counted for every one of its cotangents.

    The standard error of ``F = sum w_i g_i`` is that of a weighted mean of independent images,
    ``SE^2 = n/(n-1) sum w_i^2 (g_i - F)^2``; it covers the sampling of images and of labels, with
    the head held.

    Where memory does not suffice for a batch, fewer of its images go at once, with the same result
    to float tolerance; an image that memory ran out on counts again in ``progress``.

    Raises `SettingError` when the network or the weights yield numbers that are not finite, and
    where memory does not suffice for one image.
    """
    per_image, retry = PerImageFisher(network, counted, only=only), OomRetry()
    # Sums of w g, w^2 g and w^2 g^2, by group where the replicates need them.
    sums = np.zeros((int(groups.max()) + 1, per_image.filters))
    squares = np.zeros((2, per_image.filters))
    passed = _Passed(progress)
    first = 0

    def squares_from(batch: tuple[int, Tensor]) -> Vector:
        before, images = batch

        def squares_of(some: Tensor, offset: int) -> Tensor:
            at = start + before + offset
            return per_image(
                some, head, lambda logits: noise.cotangents(logits, at), passed=passed.note
            )

        return retry(images, squares_of).to(torch.float64).cpu().numpy()

    placed = _placed(batches)
    begun = list(islice(placed, 1))
    for _, images in begun:
        per_image.prepare(images)
    device = next(network.parameters()).device
    at_once = 1 if per_image.image_by_image else batches_at_once(device)
    with closing(
        map_batches(squares_from, chain(begun, placed), at_once=at_once, meanwhile=passed.tell)
    ) as results:
        for found in results:
            passed.tell()
            rows = slice(first, first + len(found))
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


def _placed(batches: Iterable[Tensor]) -> Iterator[tuple[int, Tensor]]:
    """Yield each batch with the position of its first image."""
    first = 0
    for images in batches:
        yield first, images
        first += len(images)


class _Passed:
    """How many images have passed: noted in any thread, reported in the one that began."""

    def __init__(self, progress: Callable[[int], None] | None) -> None:
        self._progress = progress
        self._asking = get_ident()
        self._noted: SimpleQueue[int] = SimpleQueue()
        self._gone = 0

    def note(self, count: int) -> None:
        self._noted.put(count)
        if get_ident() == self._asking:
            self.tell()

    def tell(self) -> None:
        while not self._noted.empty():
            self._gone += self._noted.get()
            if self._progress is not None:
                self._progress(self._gone)


def deal_groups(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (N,) group numbers: each class is dealt out in turn, so that every group is balanced.

    Fewer than `GROUPS` images give as many groups as images. Of images that may have several
    labels, (N, C), each counts to the rarest class that it has.
    """
    if labels.ndim == 2:
        has = labels == 1
        rarest = np.where(has, has.sum(axis=0), len(labels) + 1).argmin(axis=1)
        labels = np.where(has.any(axis=1), rarest, labels.shape[1])
    order = np.argsort(labels, kind="stable")
    groups = np.empty(len(labels), dtype=np.int64)
    groups[order] = np.arange(len(labels)) % GROUPS
    return groups
