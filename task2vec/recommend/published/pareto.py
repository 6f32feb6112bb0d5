"""The trade of accuracy against cost, as the list of models that no other beats in both."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isnan

from task2vec.errors import SettingError


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
