"""Centred distances as they are told: with their errors, and ties.

They are not corrected for noise. The mean over tasks is held: that it is of these tasks and no
others is no error of theirs.
"""

from collections.abc import Sequence

import numpy as np

from task2vec.distance.centred import angle, direction
from task2vec.distance.distance_estimates import DistanceEstimates
from task2vec.distance.embedding_distances import precisions
from task2vec.distance.jackknife import deviations, left_out
from task2vec.distance.noise_correction import HALVINGS
from task2vec.distance.operands import Array
from task2vec.types import TaskEmbedding


def estimate_centred(
    query: TaskEmbedding, tasks: Sequence[TaskEmbedding], *, centre: Array
) -> DistanceEstimates:
    """Estimate the centred distances between a query and each of m tasks.

    The errors are the jackknife's, for the images of either side; heads are held.

    Args:
        query: the task that the others are near to.
        tasks: the others.
        centre: the mean over tasks, shape (n,): see `task2vec.distance.centred.log_centre`.

    Raises:
        SpaceMismatchError: names the fields in which the spaces differ.
    """
    own = direction(precisions(query), centre)
    without = direction(left_out(query), centre)
    count = len(tasks)
    distances, by_task = np.empty(count), np.empty(count)
    by_query = np.empty((count, len(without)))
    for row, task in enumerate(tasks):
        query.space.check_same(task.space)
        other = direction(precisions(task), centre)
        distances[row] = angle(own, other)
        by_query[row] = deviations(angle(without, other))
        by_task[row] = np.square(deviations(angle(direction(left_out(task), centre), own))).sum()
    return DistanceEstimates(
        distances=distances,
        by_query=by_query,
        by_task=by_task,
        by_halving=np.zeros((count, HALVINGS)),
        by_query_head=np.zeros(count),
        by_heads=np.zeros(count),
        groups=np.array([len(task.replicates) for task in tasks]),
    )
