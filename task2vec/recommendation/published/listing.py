"""The published models in an order, and which of them no other beats in accuracy and cost."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import inf

import numpy as np

from task2vec.messages.published import Cost, Figure, Order
from task2vec.recommendation.evidence.world import Mask, Matrix
from task2vec.recommendation.published.models import PublishedModel


@dataclass(frozen=True)
class Listed:
    """A model with the ``accuracy`` that was asked for, a fraction.

    ``pareto`` is true where no other model of the list is as accurate at no higher cost.
    """

    model: PublishedModel
    accuracy: float
    pareto: bool


def list_published(
    models: Iterable[PublishedModel],
    *,
    figure: Figure = Figure.IMAGENET,
    costs: Collection[Cost] = (Cost.PARAMETERS,),
    order: Order = Order.ACCURACY,
) -> list[Listed]:
    """Return the models that have the figure, in an order; equal ones by name.

    Those of which a cost is unknown count as dearer than any other.
    """
    judged = [model for model in models if getattr(model, figure) is not None]
    accuracies = [float(getattr(model, figure)) for model in judged]
    merits = [
        [accuracy, *(-_cost(model, cost) for cost in costs)]
        for model, accuracy in zip(judged, accuracies, strict=True)
    ]
    best = unbeaten(np.array(merits).reshape(len(judged), 1 + len(costs)))
    listed = list(map(Listed, judged, accuracies, best.tolist()))
    return sorted(listed, key=lambda each: (_place(each, order), each.model.name))


def unbeaten(merits: Matrix) -> Mask:
    """Return (n,) which of n things no other beats.

    ``merits`` (n, m) are better where they are larger. A thing is beaten by another that is as good
    in every one and better in some: equal ones do not beat each other.
    """
    # Column by column: an array of all three dimensions takes ten times as long.
    as_good = np.logical_and.reduce([merit[:, None] >= merit for merit in merits.T])
    better = np.logical_or.reduce([merit[:, None] > merit for merit in merits.T])
    return np.asarray(~(as_good & better).any(axis=0))


def _cost(model: PublishedModel, cost: Cost | Order) -> float:
    value: int | None = getattr(model, cost)
    return inf if value is None else float(value)


def _place(listed: Listed, order: Order) -> float:
    if order is Order.NAME:
        return 0.0
    return -listed.accuracy if order is Order.ACCURACY else _cost(listed.model, order)
