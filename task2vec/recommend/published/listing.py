"""The published models in an order, and which of them no other beats in accuracy and cost."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import inf, isnan

from task2vec.errors import SettingError
from task2vec.recommend.published.models import PublishedModel
from task2vec.types.published import Cost, Figure, Order


@dataclass(frozen=True)
class Candidate:
    """A model with what it promises and what it costs.

    ``gain`` is the expected gain over the default in fractions of accuracy, or any other figure
    that is better when larger, the same for all candidates. ``parameters`` is their number,
    ``input_size`` pixels per side and ``operations`` the multiply-adds per image; None counts as
    more than any number: what is unknown is not cheap. A cost that is None for all does not count.
    """

    model: str
    gain: float
    parameters: int | None
    input_size: int | None = None
    operations: int | None = None

    def __post_init__(self) -> None:
        if isnan(self.gain):
            raise SettingError(
                f"{self.model} cannot be compared", expected="a number as gain", got="nan"
            )
        for what in ("parameters", "input_size", "operations"):
            cost = getattr(self, what)
            if cost is not None and cost <= 0:
                raise SettingError(
                    f"{self.model} cannot be compared",
                    expected=f"a positive number of {what}, or None",
                    got=str(cost),
                )

    @property
    def costs(self) -> tuple[float, float, float]:
        """What has to be paid: parameters, pixels per side, operations; infinite where unknown."""
        return (
            inf if self.parameters is None else self.parameters,
            inf if self.input_size is None else self.input_size,
            inf if self.operations is None else self.operations,
        )

    def beats(self, other: "Candidate") -> bool:
        """Return whether this is as good in everything and better in something."""
        pairs = list(zip(self.costs, other.costs, strict=True))
        as_good = self.gain >= other.gain and all(mine <= its for mine, its in pairs)
        return as_good and (self.gain, self.costs) != (other.gain, other.costs)


def pareto_list(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates that no other beats, the cheapest first.

    Candidates that are equal in everything do not beat each other and all stay; the order of what
    came in decides between them.
    """
    kept: list[Candidate] = []
    # A candidate's rivals come before it in this order, and are kept or beaten by one that is.
    for candidate in sorted(candidates, key=lambda c: (-c.gain, c.costs)):
        if not any(better.beats(candidate) for better in kept):
            kept.append(candidate)
    return tuple(sorted(kept, key=lambda c: (c.costs, c.gain)))


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
    by_name = {model.name: model for model in models if getattr(model, figure) is not None}
    accuracy = {name: float(getattr(model, figure)) for name, model in by_name.items()}
    candidates = [
        Candidate(name, accuracy[name], **_costs(model, costs)) for name, model in by_name.items()
    ]
    best = {candidate.model for candidate in pareto_list(candidates)}
    listed = [Listed(model, accuracy[name], name in best) for name, model in by_name.items()]
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
