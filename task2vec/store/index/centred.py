"""The centred distance to a query."""

from collections.abc import Sequence
from functools import cached_property

from task2vec.distance import DistanceEstimates, estimate_centred, with_prior
from task2vec.distance.centred import angle, direction
from task2vec.distance.operands import Array
from task2vec.types import TaskEmbedding, Vector


class Centred:
    """The centred distance of a task to a query: a `ranked_neighbours.Measure`.

    Args:
        query: the task that others are near to.
        centre: the mean over tasks, shape (n,).
    """

    def __init__(self, query: TaskEmbedding, centre: Array) -> None:
        self._query = query
        self._centre = centre

    @cached_property
    def _own(self) -> Array:
        return self._direction(self._query.values)

    def _direction(self, values: Vector) -> Array:
        return direction(with_prior(values, self._query.space.prior_precision), self._centre)

    def plain(self, values: Vector) -> float:
        """Return the distance of a task with ``values`` (n,)."""
        return float(angle(self._own, self._direction(values)))

    # All that compete are told: there is none whose errors could be left out.
    def estimates(
        self,
        tasks: Sequence[TaskEmbedding],
        *,
        within: float,  # noqa: ARG002
    ) -> DistanceEstimates:
        """Return the distances of the tasks: the plain ones, with errors."""
        return estimate_centred(self._query, tasks, centre=self._centre)

    def competing(self, k: int) -> int:
        """Return how many tasks compete for ``k`` places: no correction changes their order."""
        return k
