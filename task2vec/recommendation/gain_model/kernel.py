"""Means and covariances of gains by their scales: see `task2vec.recommendation.gain_model`."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from task2vec.recommendation.evidence.world import Indices, Matrix, World


@dataclass(frozen=True)
class Scales:
    """``reach`` and ``like`` are symmetric distances, the others standard deviations of gains.

    ``reach`` is how far an expert's own skill carries, ``like`` at which distance two tasks are no
    longer alike (the kernel is 1/e there). ``model``, ``task``, ``pair`` and ``cell`` belong to the
    parts of those names; of plain models ``pair`` and ``cell`` are ``steady`` times as wide, since
    their gains vary less from task to task. ``own`` is how wide, as a share of what like tasks have
    in common, what a task has of its own is: two tasks of the same images may ask for opposite
    skills, such as the letter and the style of a glyph. ``asks`` is how far apart what two tasks
    ask may be, as a Euclidean distance of their scatters made units; ``turn`` is what an expert of
    a near task gains or loses by how what the tasks ask agrees. Its stance on a task is that
    agreement, less the farther the task, from -1 to 1: gains of stances that differ by more than
    ``stance`` tell little of one another. The defaults are measured:
    docs/adr/0026-hierarchical-gains.md, docs/adr/0032-stances.md.
    """

    reach: float = 0.21
    like: float = 0.4
    model: float = 0.085
    task: float = 0.03
    pair: float = 0.09
    cell: float = 0.01
    steady: float = 0.42
    own: float = 0.16
    asks: float = 5.2
    turn: float = 0.17
    stance: float = 0.33

    def to_vector(self) -> NDArray[np.float64]:
        """Return their logarithms, (11,)."""
        return np.log([getattr(self, each.name) for each in fields(self)])

    @classmethod
    def from_vector(cls, logs: NDArray[np.float64]) -> "Scales":
        """Return the scales of given logarithms (11,)."""
        return cls(*np.exp(logs).tolist())


#: How far the logarithm of a scale lies from the default's, with tails of Student's t of `FREEDOM`
#: degrees: outcomes drawn from a zoo tell its scales worse than the defaults do, unless they say
#: plainly that it is quite another. Measured: docs/adr/0033-scales-stay.md.
WIDTHS = np.array([0.075, 0.075, *[0.125] * 9])
FREEDOM = 3.0

#: What experts gain far from their own task, and by how much more at no distance: means and
#: standard deviations, measured with the defaults of `Scales`.
FAR, FAR_DOUBT = -0.076, 0.036
RISE, RISE_DOUBT = 0.167, 0.083

#: The symmetric distance up to which, about, agreement counts: images must be alike for that.
TURN_REACH = 0.3


@dataclass(frozen=True)
class Cells:
    """n pairs of a model and a task, by their numbers in a world."""

    models: Indices
    tasks: Indices

    def __len__(self) -> int:
        """Return n."""
        return len(self.models)


class Kernel:
    """The prior of a world's gains under given scales."""

    def __init__(self, world: World, scales: Scales) -> None:
        self._world = world
        self._scales = scales
        near = np.maximum(world.symmetric, 0)
        # The squared Euclidean distance of two unit vectors is 2 - 2 times their cosine.
        overlap = np.exp(-2 * (1 - world.overlap) / scales.asks**2)
        self._like = np.exp(-np.square(near / scales.like)) * overlap
        self._carried = np.exp(-np.square(world.nearness / scales.reach))
        near_enough = np.exp(-np.square(world.nearness / TURN_REACH))
        stance = near_enough * world.agreement[world.sources]
        self._stance = np.where(world.experts[:, None], stance, 0.0)

    def mean(self, cells: Cells) -> Matrix:
        """Return the (n,) expected gains."""
        scales, expert = self._scales, self._world.experts[cells.models]
        place = cells.models, cells.tasks
        skill = FAR + RISE * self._carried[place] + scales.turn * self._stance[place]
        return np.where(expert, skill, self._world.expected[cells.models])

    def covariance(self, a: Cells, b: Cells) -> Matrix:
        """Return the (n, k) covariances of the gains of n cells with those of k others."""
        world, scales = self._world, self._scales
        expert_a, expert_b = world.experts[a.models], world.experts[b.models]
        both = expert_a[:, None] & expert_b[None, :]
        same = a.models[:, None] == b.models[None, :]
        here = a.tasks[:, None] == b.tasks[None, :]
        like = self._like[np.ix_(a.tasks, b.tasks)] + scales.own**2 * here
        sources = self._like[np.ix_(world.sources[a.models], world.sources[b.models])]
        carried = self._carried[a.models, a.tasks][:, None] * self._carried[b.models, b.tasks]
        by_kind = both * (FAR_DOUBT**2 + RISE_DOUBT**2 * carried)
        # A plain model's expectation is its own: nothing is learnt from one of the other.
        by_kind += (same & ~both) * np.square(world.doubt[a.models])[:, None]
        stances = self._stance[a.models, a.tasks][:, None] - self._stance[b.models, b.tasks]
        # What experts do where little of their own is asked does not tell what they do where it is.
        alike = np.exp(-np.square(stances / scales.stance))
        by_model = same * scales.model**2 * both * alike
        by_task = both * scales.task**2 * like
        by_pair = scales.pair**2 * like * np.where(same, 1.0, sources * both) * alike
        by_cell = scales.cell**2 * (same & here)
        # Neither part is common to a plain model and an expert.
        width = np.where(both, 1.0, scales.steady**2)
        total: Matrix = by_kind + by_model + by_task + width * (by_pair + by_cell)
        return total
