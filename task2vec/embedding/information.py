"""From a task and a probe to the information that the task needs in the probe's weights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from task2vec.data.open import open_source
from task2vec.data.sampling.sample import Sample, draw_sample
from task2vec.data.task import Task
from task2vec.errors import SettingError
from task2vec.fisher.curve import curve_doubts, curve_point, sweep
from task2vec.fisher.noise import NoisyCopy, Numbers, Vector, nats_of_noise, nats_of_place
from task2vec.fisher.noisy_loss import NoisyCrossEntropy
from task2vec.fisher.variational import FitState, Stopping, Variational
from task2vec.messages.information import LayerInformation, TaskInformation
from task2vec.probe.head import Head, class_weights, fit_head
from task2vec.probe.independent_labels import label_weights
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.registry import DEFAULT_PROBE, load_probe
from task2vec.probe.solver import DEFAULT_PENALTY
from task2vec.types import Likelihood

#: Told of (beta, state of its fit), after every round.
Told = Callable[[float, FitState], None]

# Of what the weights gain over guessing, the least that should be left under the noise.
_WORTH_TELLING = 0.1
DEFAULT_BETAS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)


@dataclass(frozen=True)
class InformationSettings:
    """What the information in the weights is computed with.

    ``betas`` are swept; layers are reported at ``beta``, one of them (added where it is not).
    ``prior_std`` is 1/lambda for every layer; None takes each layer's root mean square weight: the
    scale at which the pretrained weights themselves are most likely, so that nats do not change
    with the units that a layer happens to be in. ``per_weight`` gives every weight a noise of its
    own instead of every filter, at several times the cost. ``batch_size`` images share a draw of
    the noise.

    Raises `SettingError` out of range.
    """

    images: int = 100
    beta: float = 1e-5
    betas: tuple[float, ...] = DEFAULT_BETAS
    seed: int = 0
    head_penalty: float = DEFAULT_PENALTY
    prior_std: float | None = None
    per_weight: bool = False
    batch_size: int = 16
    stopping: Stopping = field(default_factory=Stopping)

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(sorted({*self.betas, self.beta})))
        if not all(0 < beta < math.inf for beta in self.betas):
            raise SettingError(
                "A beta is unusable",
                expected="positive, finite numbers",
                got=", ".join(f"{beta:g}" for beta in self.betas),
            )
        if self.prior_std is not None and not 0 < self.prior_std < math.inf:
            raise SettingError(
                "The prior's standard deviation is unusable",
                expected="a positive, finite number",
                got=str(self.prior_std),
            )
        for name, least in (("images", 2), ("seed", 0), ("batch_size", 1)):
            if getattr(self, name) < least:
                raise SettingError(
                    f"{name} is too small",
                    expected=f"at least {least}",
                    got=str(getattr(self, name)),
                )


@dataclass(frozen=True, eq=False)
class NoisyTask:
    """A task whose loss is ready to be looked at under noise on the probe's weights.

    ``prior`` (n,) is lambda^2 of each unit, ``layer_prior`` (L,) of each layer; ``of_place`` (L,)
    are the layers' `nats_of_place`, ``counts`` (L,) their numbers of weights.
    """

    objective: NoisyCrossEntropy
    copy: NoisyCopy
    head: Head
    layer_prior: Vector
    of_place: Vector
    counts: Numbers

    @property
    def prior(self) -> Vector:
        """lambda^2 of each unit, (n,)."""
        prior: Vector = self.layer_prior[self.copy.layer]
        return prior


def noisy_task(probe: Probe, sample: Sample[Pixels], settings: InformationSettings) -> NoisyTask:
    """Fit the head of a task's images, and make ready a copy of the probe that takes noise."""
    copy = NoisyCopy(probe.backbone, per_weight=settings.per_weight)
    # A layer of zeros has no scale of its own.
    power = np.where(copy.power > 0, copy.power, 1.0)
    layer_prior = (
        1 / power if settings.prior_std is None else np.full(len(power), settings.prior_std**-2)
    )
    counts = np.bincount(copy.layer, weights=copy.sizes).astype(np.int64)
    features = probe.features(sample.images, batch_size=settings.batch_size).cpu().numpy()
    labels, classes = sample.labels, len(sample.classes)
    several = sample.likelihood is Likelihood.BERNOULLI
    head = fit_head(features, labels, classes=classes, penalty=settings.head_penalty)
    objective = NoisyCrossEntropy(
        copy,
        head.on(probe.backbone),
        inputs=lambda rows: _inputs(probe, sample, rows),
        labels=labels,
        weights=class_weights(labels, classes),
        label_weights=len(labels) * label_weights(labels) if several else None,
        batch_size=settings.batch_size,
        seed=settings.seed,
    )
    of_place = nats_of_place(copy.power, prior=layer_prior, counts=counts)
    return NoisyTask(objective, copy, head, layer_prior, of_place, counts)


def information(
    source: object,
    probe: str = DEFAULT_PROBE,
    *,
    images: int = 100,
    beta: float = 1e-5,
    betas: Sequence[float] = DEFAULT_BETAS,
    seed: int = 0,
    settings: InformationSettings | None = None,
    progress: Told | None = None,
) -> TaskInformation:
    """Tell how much information a task needs in a probe's weights; nothing is stored.

    ``source`` is whatever `open_source` opens, or a `Task`. The arguments that settings have too
    win over them. Raises `SourceError` when the source cannot be read, `UnknownNameError` for an
    unknown probe.
    """
    wanted = replace(
        settings or InformationSettings(),
        images=images,
        beta=beta,
        betas=tuple(betas),
        seed=seed,
    )
    return measure_information(open_source(source), load_probe(probe), wanted, progress)


def measure_information(
    task: Task,
    probe: Probe,
    settings: InformationSettings | None = None,
    progress: Told | None = None,
) -> TaskInformation:
    """Fit the task's head, then the noise at every beta; the probe stays as it is.

    Raises `SourceError` when the task cannot be read, `SettingError` where the noise yields numbers
    that are not finite.
    """
    settings = settings or InformationSettings()
    sample = draw_sample(
        task, images=settings.images, seed=settings.seed, transform=probe.preprocess
    )
    noisy = noisy_task(probe, sample, settings)
    objective, prior, place = noisy.objective, noisy.prior, float(noisy.of_place.sum())
    # Without noise the curvature is the Fisher information.
    fisher = objective.sample(np.zeros(len(prior))).curvature.mean(axis=0)
    fits = list(
        sweep(
            objective,
            settings.betas,
            prior=prior,
            start=fisher,
            stopping=settings.stopping,
            progress=progress,
        )
    )
    points = [curve_point(objective, each, prior=prior, of_place=place) for each in fits]
    chosen = fits[settings.betas.index(settings.beta)]
    layers = _layers(noisy, chosen)
    classes = len(sample.classes)
    several = sample.likelihood is Likelihood.BERNOULLI
    guessing = classes * math.log(2) if several else math.log(classes)
    return TaskInformation(
        task=task.name,
        probe=probe.name,
        fingerprint=probe.fingerprint,
        images=len(sample.images),
        classes=classes,
        seed=settings.seed,
        beta=settings.beta,
        nats=sum(layer.nats for layer in layers),
        nats_of_place=place,
        loss=chosen.loss,
        loss_of_weights=noisy.head.fit.loss,
        loss_of_guessing=guessing,
        converged=chosen.converged,
        layers=layers,
        curve=tuple(points),
        warnings=(
            *task.warnings,
            *sample.warnings,
            *curve_doubts(points),
            *nothing_left(
                chosen.loss, settings.beta, without=noisy.head.fit.loss, guessing=guessing
            ),
        ),
    )


def _inputs(probe: Probe, sample: Sample[Pixels], rows: Numbers) -> torch.Tensor:
    return probe.to_input([sample.images[row] for row in rows])


def _layers(noisy: NoisyTask, fit: Variational) -> tuple[LayerInformation, ...]:
    copy, own, prior = noisy.copy, noisy.prior, noisy.layer_prior
    noise = nats_of_noise(fit.precision, prior=own, sizes=copy.sizes)
    nats = np.bincount(copy.layer, weights=noise) + noisy.of_place
    logs = np.bincount(copy.layer, weights=copy.sizes * np.log(own / fit.precision) / 2)
    return tuple(
        LayerInformation(
            name=name,
            weights=int(noisy.counts[i]),
            nats=float(nats[i]),
            nats_of_place=float(noisy.of_place[i]),
            prior_std=float(prior[i] ** -0.5),
            noise=float(np.exp(logs[i] / noisy.counts[i])),
        )
        for i, name in enumerate(copy.layers)
    )


def nothing_left(loss: float, beta: float, *, without: float, guessing: float) -> list[str]:
    """Warn where the noise of a beta leaves next to nothing of what is known ``without`` it."""
    if guessing - loss > _WORTH_TELLING * (guessing - without):
        return []
    return [
        f"at beta {beta:g} the loss is {loss:.3f}, hardly better than guessing ({guessing:.3f}), "
        "so that the information says little of the task: take a smaller beta, or more images"
    ]
