"""The published models in an order, and which of them no other beats in accuracy and cost."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import inf

from task2vec.recommend.published.models import PublishedModel
from task2vec.recommend.published.pareto import Candidate, pareto_list
from task2vec.types.published import Cost, Figure, Order


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
    known = {model.name: model for model in models if getattr(model, figure) is not None}
    accuracy = {name: float(getattr(model, figure)) for name, model in known.items()}
    candidates = [
        Candidate(name, accuracy[name], **_costs(model, costs)) for name, model in known.items()
    ]
    best = {candidate.model for candidate in pareto_list(candidates)}
    listed = [Listed(model, accuracy[name], name in best) for name, model in known.items()]
    return sorted(listed, key=lambda each: (_place(each, order), each.model.name))


def _costs(model: PublishedModel, costs: Collection[Cost]) -> dict[str, int | None]:
    return {
        "parameters": model.parameters if Cost.PARAMETERS in costs else None,
        "operations": model.operations if Cost.OPERATIONS in costs else None,
        "input_size": model.input_size if Cost.INPUT_SIZE in costs else None,
    }


def _place(listed: Listed, order: Order) -> float:
    if order is Order.NAME:
        return 0.0
    if order is Order.ACCURACY:
        return -listed.accuracy
    cost: int | None = getattr(listed.model, order)
    return inf if cost is None else float(cost)
