"""Means and covariances of gains: see `task2vec.recommend.gain_model`."""

from dataclasses import dataclass

import numpy as np

from task2vec.recommend.evidence.world import Indices, Matrix, World
from task2vec.recommend.gain_model.scales import (
    FAR,
    FAR_DOUBT,
    RISE,
    RISE_DOUBT,
    TURN_REACH,
    Scales,
)


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
        asked = np.exp(-2 * (1 - world.overlap) / scales.asks**2)
        self._like = np.exp(-np.square(near / scales.like)) * asked
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
