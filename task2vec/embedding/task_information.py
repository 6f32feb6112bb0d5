"""The answer about the information that a task needs in a probe's weights."""

from dataclasses import asdict, dataclass
from typing import Any

from task2vec.fisher.curve import CurvePoint, disorder

# Of what the weights gain over guessing, the least that should be left under the noise.
_WORTH_TELLING = 0.1


@dataclass(frozen=True)
class LayerInformation:
    """The information in one layer's weights.

    ``nats`` is the divergence of its noise from its prior, of which ``nats_of_place`` would be left
    at the prior's noise. ``noise`` is the standard deviation of the noise on a typical weight (the
    geometric mean over the weights) in units of ``prior_std``: 1 where the task does not care.
    """

    name: str
    weights: int
    nats: float
    nats_of_place: float
    prior_std: float
    noise: float


@dataclass(frozen=True)
class TaskInformation:
    """The information that a task needs in the weights of a probe, and what it buys.

    ``nats`` is the sum over ``layers`` at ``beta``, where the loss is ``loss``. Without noise it is
    ``loss_of_weights``; ``loss_of_guessing`` is that of equal odds. ``nats_of_place`` is the part
    that no task and no beta changes. ``curve`` goes from the least beta up. The nats leave out what
    moving the weights to the task would add, and count one noise level per filter.
    """

    task: str
    probe: str
    fingerprint: str
    images: int
    classes: int
    seed: int
    beta: float
    nats: float
    nats_of_place: float
    loss: float
    loss_of_weights: float
    loss_of_guessing: float
    converged: bool
    layers: tuple[LayerInformation, ...]
    curve: tuple[CurvePoint, ...]
    warnings: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return asdict(self)


def nothing_left(loss: float, beta: float, *, without: float, guessing: float) -> list[str]:
    """Warn where the noise of a beta leaves next to nothing of what is known ``without`` it."""
    if guessing - loss > _WORTH_TELLING * (guessing - without):
        return []
    return [
        f"at beta {beta:g} the loss is {loss:.3f}, hardly better than guessing ({guessing:.3f}), "
        "so that the information says little of the task: take a smaller beta, or more images"
    ]


def curve_doubts(points: list[CurvePoint]) -> list[str]:
    """Warn of points whose fit has not converged, and of a curve that is not monotone."""
    doubts = [
        f"beta {point.beta:g} has not converged in {point.rounds} rounds: its gradient is "
        f"{point.gradient:.2f}, its sampling error {point.error:.2f}"
        for point in points
        if not point.converged
    ]
    return doubts + disorder(points)
