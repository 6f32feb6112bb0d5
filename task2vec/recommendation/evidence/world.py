"""Tasks, starting models and gains seen so far, as arrays that rankers and backtests work on."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from task2vec.errors import SettingError

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]

#: The source of a model that is no expert of a task of this world.
NO_SOURCE = -1


@dataclass(frozen=True, eq=False)
class World:
    """M models, one of them the default, and T tasks.

    A gain is an outcome minus the default's on the same task and protocol, in fractions of
    accuracy.

    Attributes:
        tasks: the tasks' names.
        models: the models' names.
        default: which model is the plain default, whose gains are 0.
        sources: (M,) the task that a model is an expert of, `NO_SOURCE` for a plain one.
        symmetric: (T, T) distances, corrected for noise or not; below 0 counts as 0.
        asymmetric: (T, T) distances from the row's task as source to the column's as target.
        gains: (M, T), nan where nothing was measured.
        variances: (M, T) of the gains' measurement, nan with them.
        base: (T,) accuracies of the default, nan where unknown.
        overlap, agreement: (T, T) of what the tasks ask, from 0 to 1 and from -1 to 1: see
            `task2vec.distance.scatter`. Left out, as where nothing is known: 1 and 0. Of tasks
            without an expert an agreement may be left at 0.
        expected: (M,) gain that a plain model is expected to have whatever the task, and
            ``doubt`` (M,) the standard deviation of it; of experts they do not count.

    Raises `SettingError` for shapes that do not fit.
    """

    tasks: tuple[str, ...]
    models: tuple[str, ...]
    default: int
    sources: Indices
    symmetric: Matrix
    asymmetric: Matrix
    gains: Matrix
    variances: Matrix
    base: Matrix
    expected: Matrix = field(default_factory=lambda: np.zeros(0))
    doubt: Matrix = field(default_factory=lambda: np.zeros(0))
    overlap: Matrix = field(default_factory=lambda: np.zeros(0))
    agreement: Matrix = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        m, t = len(self.models), len(self.tasks)
        if not self.expected.size:
            object.__setattr__(self, "expected", np.zeros(m))
            object.__setattr__(self, "doubt", np.full(m, PLAIN_DOUBT))
        if not self.overlap.size:
            object.__setattr__(self, "overlap", np.ones((t, t)))
            object.__setattr__(self, "agreement", np.zeros((t, t)))
        wanted = {
            "sources": (m,),
            "symmetric": (t, t),
            "asymmetric": (t, t),
            "gains": (m, t),
            "variances": (m, t),
            "base": (t,),
            "expected": (m,),
            "doubt": (m,),
            "overlap": (t, t),
            "agreement": (t, t),
        }
        for name, shape in wanted.items():
            actual = np.shape(getattr(self, name))
            if actual != shape:
                raise SettingError(
                    f"{name} does not fit the models and tasks",
                    expected=str(shape),
                    got=str(actual),
                )

    @property
    def experts(self) -> Mask:
        """(M,) whether a model is an expert of one of these tasks."""
        return np.asarray(self.sources != NO_SOURCE)

    @property
    def measured(self) -> Mask:
        """(M, T) whether a gain is known; the default's, which is 0 by definition, is not."""
        finite: Mask = np.isfinite(self.gains)
        finite[self.default] = False
        return finite

    @property
    def nearness(self) -> Matrix:
        """(M, T) symmetric distances of the models' source tasks; inf of plain models."""
        near = np.maximum(self.symmetric[self.sources], 0)
        return np.where(self.experts[:, None], near, np.inf)

    def without(self, hidden: Mask) -> "World":
        """Return the world before the gains of the ``hidden`` (M, T) cells were measured."""
        return replace(
            self,
            gains=np.where(hidden, np.nan, self.gains),
            variances=np.where(hidden, np.nan, self.variances),
        )


#: How far the gain of a plain model of which nothing is known may be from 0.
PLAIN_DOUBT = 0.05


@dataclass(frozen=True, eq=False)
class Case:
    """A question to a ranker: models (K,) that are ``offered`` for the task ``target``.

    ``world`` holds only what is known when it is asked.
    """

    world: World
    target: int
    offered: Indices
