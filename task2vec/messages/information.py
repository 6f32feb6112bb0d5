"""The information that a task needs in a probe's weights."""

from task2vec.messages.base import Answer


class CurvePoint(Answer):
    """Loss and nats at one ``beta``; ``gradient`` and ``error`` say how well the fit converged.

    ``loss`` is the expected loss under the noise, ``loss_error`` its standard error, ``nats`` the
    information in the weights. See `task2vec.fisher.variational` for the criterion.
    """

    beta: float
    loss: float
    loss_error: float
    nats: float
    converged: bool
    rounds: int
    gradient: float
    error: float


class LayerInformation(Answer):
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


class TaskInformation(Answer):
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
