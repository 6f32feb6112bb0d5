"""The trace of a network's Fisher information, in total and by layer, at one moment of training.

    tr F = E_x E_{y ~ p(y|x)} |d log p(y|x) / dw|^2

over the weights w of convolutions and linear layers (and the projections of attention) that are
trained: biases, normalisation and position parameters are left out, as in an embedding. It is the
quantity that Achille, Rovere and Soatto (2019, arXiv 1711.08856) follow through training.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from task2vec.errors import SettingError
from task2vec.fisher.estimate import deal_groups, estimate_fisher
from task2vec.fisher.estimators import LabelModel, draw_noise
from task2vec.fisher.units import find_layers
from task2vec.messages.dynamics import LayerTrace
from task2vec.types import Estimator, Likelihood

#: From (network, inputs) to logits (N, C).
Forward = Callable[[nn.Module, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class TraceSettings:
    """How a trace is estimated.

    ``draws`` random signs an image, each the price of a backward pass; with the estimator ``exact``
    one for each class, and nothing is random. The signs are the same at every measurement with the
    same ``seed``, so that a curve shows what training does and not what the signs do.

    Raises `SettingError` out of range.
    """

    estimator: Estimator = Estimator.HADAMARD
    draws: int = 1
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        if self.estimator not in (Estimator.HADAMARD, Estimator.RADEMACHER, Estimator.EXACT):
            raise SettingError(
                "This estimator does not suit a network that learns",
                expected="hadamard, rademacher or exact",
                got=str(self.estimator),
            )
        if self.draws < 1 or self.batch_size < 1:
            raise SettingError(
                "Too little to estimate a trace from",
                expected="at least 1 draw, and 1 image a batch",
                got=f"{self.draws} and {self.batch_size}",
            )


@dataclass(frozen=True, eq=False)
class Trace:
    """``total`` with its standard ``error``, and the part of each layer, in the network's order."""

    total: float
    error: float
    layers: tuple[LayerTrace, ...]


@dataclass(frozen=True, eq=False)
class Look:
    """A network at one moment: mean ``loss`` in nats, ``accuracy``, and the ``trace``."""

    loss: float
    accuracy: float
    trace: Trace


class Monitored:
    """The images on which a network is looked at while it learns.

    ``images`` are inputs of the network (N, ...), floating numbers; ``labels`` are (N,) classes, or
    (N, C) of 0 and 1 where an image may have several. ``forward`` calls the network where calling
    it with the inputs does not return the logits.

    Raises `SettingError` for images and labels that do not fit each other.
    """

    def __init__(
        self,
        images: Tensor,
        labels: Tensor,
        *,
        settings: TraceSettings,
        forward: Forward | None = None,
    ) -> None:
        if len(images) != len(labels) or len(images) < 2 or not images.is_floating_point():
            raise SettingError(
                "These images cannot be monitored",
                expected="at least 2 images of floating numbers, and a label for each",
                got=f"{tuple(images.shape)} of {images.dtype} and {tuple(labels.shape)}",
            )
        several = labels.ndim == 2
        if labels.ndim > 2 or (labels.is_floating_point() and not several):
            raise SettingError(
                "These labels cannot be monitored",
                expected="(N,) whole numbers, or (N, C) of 0 and 1",
                got=f"{tuple(labels.shape)} of {labels.dtype}",
            )
        self.images, self.labels = images.detach(), labels.detach()
        self.likelihood = Likelihood.BERNOULLI if several else Likelihood.CATEGORICAL
        self._settings = settings
        self._forward = forward or _logits_of_call

    def look(self, model: nn.Module) -> Look:
        """Return what the images tell of a network, which is left as it was.

        Raises as `logits` and `trace` do.
        """
        with at_rest(model) as network:
            logits = self.logits(network)
            loss, accuracy = self.loss_and_accuracy(logits)
            return Look(loss, accuracy, self.trace(network, classes=logits.shape[1]))

    def logits(self, network: nn.Module) -> Tensor:
        """Return the (N, C) logits; the network must be in evaluation mode.

        Raises `SettingError` where the network returns something else.
        """
        with torch.no_grad():
            parts = [self._call(network, part) for part in self._batches(network)]
        logits = torch.cat(parts)
        needed = self.labels.shape[1] if self.labels.ndim == 2 else int(self.labels.max()) + 1
        fits = logits.shape[1] == needed if self.labels.ndim == 2 else logits.shape[1] >= needed
        if len(logits) != len(self.labels) or not fits:
            raise SettingError(
                "The network's logits do not fit the labels",
                expected=f"({len(self.labels)}, {needed}) numbers",
                got=str(tuple(logits.shape)),
            )
        return logits

    def loss_and_accuracy(self, logits: Tensor) -> tuple[float, float]:
        """Return the mean cross-entropy in nats and the share of labels that are right."""
        labels, logits = self.labels.to(logits.device), logits.double()
        if self.likelihood is Likelihood.CATEGORICAL:
            right = logits.argmax(dim=1) == labels
            return float(nn.functional.cross_entropy(logits, labels)), float(right.double().mean())
        losses = nn.functional.binary_cross_entropy_with_logits(
            logits, labels.double(), reduction="none"
        )
        return float(losses.sum(dim=1).mean()), float(
            ((logits > 0) == (labels > 0)).double().mean()
        )

    def trace(self, network: nn.Module, *, classes: int) -> Trace:
        """Estimate the trace over the weights that are trained, in evaluation mode.

        Raises `SettingError` for a network without such weights, one whose batch norms have no
        statistics of their own, and for numbers that are not finite.
        """
        settings, count = self._settings, len(self.images)
        model = LabelModel(images=count, classes=classes, likelihood=self.likelihood)
        estimate = estimate_fisher(
            _Network(network, self._forward),
            lambda logits: logits,
            self._batches(network),
            noise=draw_noise(settings.estimator, model, draws=settings.draws, seed=settings.seed),
            weights=np.full(count, 1 / count),
            groups=self._groups,
            only=_trained,
        )
        layers = find_layers(network, only=_trained)
        units = [each.elements.stop - each.elements.start for each in layers]
        sizes = np.repeat([each.weights_per_unit for each in layers], units)
        per_unit = estimate.values * sizes
        # The groups share no image: their spread is the error of their mean.
        totals = estimate.replicates @ sizes
        error = float(totals.std(ddof=1) / np.sqrt(len(totals))) if len(totals) > 1 else 0.0
        return Trace(
            total=float(per_unit.sum()),
            error=error,
            layers=tuple(
                LayerTrace(
                    name=each.name,
                    weights=each.weight.numel(),
                    trace=float(per_unit[each.elements].sum()),
                )
                for each in layers
            ),
        )

    @property
    def _groups(self) -> NDArray[np.int64]:
        return deal_groups(self.labels.cpu().numpy().astype(np.int64))

    def _batches(self, network: nn.Module) -> Iterator[Tensor]:
        like = next(network.parameters())
        for part in torch.split(self.images, self._settings.batch_size):
            yield part.to(device=like.device, dtype=like.dtype)

    def _call(self, network: nn.Module, images: Tensor) -> Tensor:
        return self._forward(network, images)


@contextmanager
def at_rest(network: nn.Module) -> Iterator[nn.Module]:
    """Give a network as it is measured: in evaluation mode, in at least single precision.

    Layers come back in the mode in which they were. A network in half precision is copied, since
    squares of its gradients would vanish; autocast is off meanwhile.
    """
    device = next(network.parameters()).device.type
    modes = [(module, module.training) for module in network.modules()]
    try:
        network.eval()
        halves = (torch.float16, torch.bfloat16)
        half = any(p.dtype in halves for p in network.parameters())
        with torch.autocast(device, enabled=False):
            yield deepcopy(network).float() if half else network
    finally:
        for module, mode in modes:
            module.training = mode


def unwrapped(model: nn.Module) -> nn.Module:
    """Return the network inside `DistributedDataParallel`, `DataParallel` or `torch.compile`."""
    if isinstance(model, (nn.parallel.DistributedDataParallel, nn.DataParallel)):
        return unwrapped(model.module)
    inner = getattr(model, "_orig_mod", None)
    return unwrapped(inner) if isinstance(inner, nn.Module) else model


class _Network(nn.Module):
    """A network whose call returns logits; its layers keep their names by `find_layers`."""

    def __init__(self, network: nn.Module, forward: Forward) -> None:
        super().__init__()
        self.network = network
        self.training = network.training
        self._logits = forward

    def forward(self, images: Tensor) -> Tensor:
        return self._logits(self.network, images)


def _logits_of_call(network: nn.Module, images: Tensor) -> Tensor:
    answer = network(images)
    logits = getattr(answer, "logits", answer)
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise SettingError(
            "The network does not return logits",
            expected="a tensor (N, C), or an object with one as `logits`",
            got=str(tuple(logits.shape)) if isinstance(logits, Tensor) else type(answer).__name__,
            remedy="Give `forward`, a function of the network and its inputs that returns them.",
        )
    return logits


def _trained(weight: nn.Parameter) -> bool:
    return weight.requires_grad
