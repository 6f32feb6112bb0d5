"""The Fisher information of a task by growing rounds of images, until it is known well enough.

The images go class by class in turn, so that every round holds the classes evenly. What a round
would stop at does not depend on where it is asked to, so a smaller error never uses fewer images.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from task2vec.data.sampling.sample import Sample
from task2vec.data.sampling.spool import Reordered
from task2vec.distance import GROUPS, ImageNoise, image_noise
from task2vec.embedding.inputs import batches
from task2vec.embedding.label_noise import label_noise
from task2vec.embedding.settings import MOST_PASSES, EmbeddingSettings
from task2vec.fisher.estimate import FisherEstimate, estimate_fisher
from task2vec.probe.head import Head
from task2vec.probe.probe import Pixels, Probe

# A pass that lessens the error by less shows that it is the images' own.
_WORTH = 0.05
_FIRST_IMAGES, _GROWTH = 32, 1.5

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rounds:
    """What the rounds gave: the ``estimate``, and the number of ``images`` that it is of.

    ``passes`` is how often all images went through, ``of_images`` their noise with the head held.
    The estimate's errors are those that the groups tell, since draws of several passes add up.
    """

    estimate: FisherEstimate
    images: int
    passes: int
    of_images: ImageNoise


def estimate_in_rounds(
    probe: Probe,
    sample: Sample[Pixels],
    head: Head,
    *,
    settings: EmbeddingSettings,
    enough: Callable[[ImageNoise], bool],
    progress: Callable[[int, int], None],
) -> Rounds:
    """Estimate the Fisher from ever more images until ``enough`` of the error of the images.

    When all have gone through, further passes follow as long as their draws lessen the error, up
    to `MOST_PASSES`. ``progress`` hears of (done, total), each image counted for each draw.

    Raises `SettingError` as `estimate_fisher` does.
    """
    plan = _Plan.of(sample.labels)
    images = Reordered(sample.images, plan.order.tolist())
    sums = np.empty(0)
    slow: dict[str, None] = {}
    done, before, of_images = 0, np.inf, ImageNoise(np.inf, 1.0)

    def gone(count: int) -> None:
        progress(done + count, max(len(images) * noise.passes, done + count))

    for number in range(MOST_PASSES if settings.estimator.random else 1):
        wanted = settings if not number else replace(settings, seed=_other(settings.seed, number))
        noise = label_noise(wanted, sample.labels[plan.order], head=head)
        # Later passes are of use as a whole only.
        stops = plan.stops if not number else plan.stops[-1:]
        start = 0
        for stop in stops:
            cells, local = np.unique(plan.cells[start:stop], return_inverse=True)
            part = estimate_fisher(
                probe.backbone,
                head.on(probe.backbone),
                batches(probe, images[start:stop], batch_size=settings.batch_size),
                noise=noise,
                weights=np.full(stop - start, 1 / (stop - start)),
                groups=local,
                start=start,
                counted=probe.card.layers,
                progress=gone,
            )
            if not sums.size:
                sums = np.zeros((plan.cell_count, part.values.size))
            sums[cells] += np.bincount(local)[:, None] * part.replicates
            slow |= dict.fromkeys(part.slow_layers)
            done += (stop - start) * noise.passes
            start = stop
            values, replicates = plan.estimates(sums / (number + 1), stop)
            of_images = image_noise(replicates, settings.prior_precision)
            if enough(of_images):
                break
        if start < len(images) or enough(of_images) or of_images.distance > (1 - _WORTH) * before:
            break
        before = of_images.distance
    errors = replicates.std(axis=0, ddof=1) / np.sqrt(len(replicates))
    estimate = FisherEstimate(values, errors, replicates, tuple(slow))
    return Rounds(estimate, images=start, passes=number + 1, of_images=of_images)


@dataclass(frozen=True, eq=False)
class _Plan:
    """In which ``order`` (N,) the images go, where a round may end, and what each belongs to.

    Classes with as many images are one tier, of which every image weighs the same at any stop. A
    cell is a group of a tier: ``cells`` (N,), in the order of going.
    """

    order: NDArray[np.int64]
    cells: NDArray[np.int64]
    stops: tuple[int, ...]
    tier_sizes: NDArray[np.int64]
    classes_of_tier: NDArray[np.int64]
    ranks: NDArray[np.int64]

    @property
    def cell_count(self) -> int:
        """The number of cells; where images are few, some of them stay empty."""
        return min(GROUPS, len(self.cells)) * len(self.tier_sizes)

    @classmethod
    def of(cls, labels: NDArray[np.int64]) -> "_Plan":
        """Plan for the labels (N,) of images by class, or (N, C) where an image may have several.

        Of several labels no order is even: the images go as they come, all of one weight.
        """
        kinds = labels if labels.ndim == 1 else np.zeros(len(labels), dtype=np.int64)
        counts = np.bincount(kinds)
        firsts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        by_class = np.argsort(kinds, kind="stable")
        ranks = np.empty(len(kinds), dtype=np.int64)
        ranks[by_class] = np.arange(len(kinds)) - firsts[kinds[by_class]]
        order = np.lexsort((kinds, ranks))
        tier_sizes, tier_of = np.unique(counts, return_inverse=True)
        # Each class deals its images to the groups in turn, starting with another one.
        groups = (ranks + kinds)[order] % min(GROUPS, len(kinds))
        cells = groups * len(tier_sizes) + tier_of[kinds[order]]
        return cls(
            order=order,
            cells=cells,
            stops=tuple(_stops(ranks[order])),
            tier_sizes=tier_sizes,
            classes_of_tier=np.bincount(tier_of),
            ranks=ranks[order],
        )

    def estimates(self, sums: Vector, stop: int) -> tuple[Vector, Vector]:
        """Return values (n,) and replicates (K, n) of the first ``stop`` images.

        ``sums`` (cells, n) are over the images of each cell. Every class has the same weight, so
        that one of its m images so far has 1/(C m).
        """
        so_far = np.minimum(self.tier_sizes, self.ranks[stop - 1] + 1)
        weights = 1 / (self.classes_of_tier.sum() * so_far)
        tiers = len(self.tier_sizes)
        members = np.bincount(self.cells[:stop], minlength=len(sums)).reshape(-1, tiers)
        weighted = (sums.reshape(len(members), tiers, -1) * weights[:, None]).sum(axis=1)
        shares = members @ weights
        held = shares > 0
        return weighted.sum(axis=0), weighted[held] / shares[held, None]


def _stops(ranks: NDArray[np.int64]) -> Iterator[int]:
    """Yield the ends of rounds, each after the same number of images of every class."""
    ends = np.append(np.flatnonzero(np.diff(ranks)) + 1, len(ranks))
    wanted = float(_FIRST_IMAGES)
    for end in ends.tolist():
        if end >= wanted or end == len(ranks):
            yield end
            wanted = _GROWTH * end


def _other(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
