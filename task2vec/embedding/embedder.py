"""From a task and a probe to an embedding."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from task2vec.data.sampling.sample import Sample
from task2vec.data.sampling.spool import draw_spooled
from task2vec.data.task import Task
from task2vec.data.wording import examples, plural
from task2vec.distance import ImageNoise, image_noise
from task2vec.embedding.adaptive_sampling import estimate_in_rounds
from task2vec.embedding.head_noise import expected_refit_distance
from task2vec.embedding.inputs import batches, features
from task2vec.embedding.label_noise import label_noise
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.estimate import FisherEstimate, deal_groups, estimate_fisher
from task2vec.fisher.units import find_layers
from task2vec.probe.head import Head, class_weights, fit_head
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.solver import imported_ahead
from task2vec.types import Provenance, Space, TaskEmbedding
from task2vec.types.names import visible

#: Told of (stage, done, total) as images pass a stage: "reading", "features", "fisher", "noise".
#: In the last two an image counts once for each of its label draws.
Progress = Callable[[str, int, int], None]
#: Told of the standard error that an embedding has so far.
ErrorSoFar = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Embedded:
    """An embedding, and what somebody should know about how it came about.

    ``features`` (N, D) are those of the sample's images that the ``head`` was fitted to, ``layers``
    the names and numbers of elements of the layers that count.
    """

    embedding: TaskEmbedding
    sample: Sample[Pixels]
    warnings: tuple[str, ...]
    features: NDArray[np.float32]
    layers: tuple[tuple[str, int], ...]
    head: Head


class Embedder:
    """Embeds tasks with one probe and one set of settings."""

    def __init__(self, probe: Probe, settings: EmbeddingSettings | None = None) -> None:
        self.probe = probe
        self.settings = settings or EmbeddingSettings()
        self.space = Space(
            probe=probe.fingerprint,
            estimator=self.settings.estimator.family,
            head_penalty=self.settings.head_penalty,
            prior_precision=self.settings.prior_precision,
        )

    def embed(
        self, task: Task, progress: Progress | None = None, error: ErrorSoFar | None = None
    ) -> Embedded:
        """Embed a task: draw images, fit the head on their features, estimate the Fisher.

        ``error`` hears of the standard error before the part that refitting the head adds, which
        takes a while yet; where one is asked for, of all of it after each round of images.

        Raises `SourceError` when the task cannot be embedded.
        """
        settings = self.settings
        tell = progress or (lambda _stage, _done, _total: None)
        with imported_ahead():
            sample = draw_spooled(
                task,
                images=settings.images,
                seed=settings.seed,
                transform=self.probe.preprocess,
                progress=lambda done, total: tell("reading", done, total),
            )
            seen = self._features(sample, tell)
        classes, count = len(sample.classes), len(sample.images)
        head = fit_head(seen, sample.labels, classes=classes, penalty=settings.head_penalty)
        if settings.standard_error is not None:
            return self._in_rounds(task, sample, seen, head, settings.standard_error, tell, error)
        noise = label_noise(settings, sample.labels, head=head)
        estimate = estimate_fisher(
            self.probe.backbone,
            head.on(self.probe.backbone),
            self._inputs(sample),
            noise=noise,
            weights=class_weights(sample.labels, classes),
            groups=deal_groups(sample.labels),
            counted=self.probe.card.layers,
            progress=lambda done: tell("fisher", done, count * noise.passes),
        )
        of_images = image_noise(estimate.replicates, settings.prior_precision)
        if error is not None:
            error(of_images.distance)
        of_head = self._head_noise(sample, seen, head, tell)
        return self._made(
            task,
            sample,
            seen,
            head=head,
            estimate=estimate,
            images=count,
            draws=settings.estimator.draws(settings.draws, classes=classes),
            standard_error=of_images.and_head(of_head),
            head_error=of_head,
        )

    def _in_rounds(
        self,
        task: Task,
        sample: Sample[Pixels],
        seen: NDArray[np.float32],
        head: Head,
        wanted: float,
        tell: Progress,
        error: ErrorSoFar | None,
    ) -> Embedded:
        """Embed with as many of the images as the ``wanted`` standard error takes.

        What refitting the head adds is measured first, since no round lessens it: the head is
        fitted to all images that were drawn.
        """
        of_head = self._head_noise(sample, seen, head, tell)

        def enough(of_images: ImageNoise) -> bool:
            reached = of_images.and_head(of_head)
            if error is not None:
                error(reached)
            return reached <= wanted

        found = estimate_in_rounds(
            self.probe,
            sample,
            head,
            settings=self.settings,
            enough=enough,
            progress=lambda done, total: tell("fisher", done, total),
        )
        settings, classes = self.settings, len(sample.classes)
        reached = found.of_images.and_head(of_head)
        warnings: tuple[str, ...] = ()
        if not reached <= wanted:
            warnings = (
                f"the standard error is {reached:.3f} and not {wanted:g}: "
                f"{found.of_images.distance:.3f} from the {found.images:,} images and "
                f"{of_head:.3f} from the head; more images lessen both",
            )
        return self._made(
            task,
            sample,
            seen,
            head=head,
            estimate=FisherEstimate(
                found.values, found.errors, found.replicates, found.slow_layers
            ),
            images=found.images,
            draws=settings.estimator.draws(settings.draws * found.passes, classes=classes),
            standard_error=reached,
            head_error=of_head,
            warnings=warnings,
        )

    def _head_noise(
        self, sample: Sample[Pixels], seen: NDArray[np.float32], head: Head, tell: Progress
    ) -> float:
        return expected_refit_distance(
            self.probe,
            sample,
            seen,
            head=head,
            groups=deal_groups(sample.labels),
            settings=self.settings,
            progress=lambda done, total: tell("noise", done, total),
        )

    def _made(
        self,
        task: Task,
        sample: Sample[Pixels],
        seen: NDArray[np.float32],
        *,
        head: Head,
        estimate: FisherEstimate,
        images: int,
        draws: int,
        standard_error: float,
        head_error: float,
        warnings: tuple[str, ...] = (),
    ) -> Embedded:
        """Put an embedding together; ``images`` are those that the Fisher was estimated on."""
        plain = Provenance(
            space=self.space,
            probe_name=self.probe.name,
            estimator=self.settings.estimator.value,
            draws=draws,
            seed=self.settings.seed,
            images=images,
            classes=len(sample.classes),
            class_names=sample.classes,
            content_hash=sample.content_hash,
            standard_error=standard_error,
            head=head.fit,
            versions=library_versions(),
            likelihood=sample.likelihood,
            head_error=head_error,
        )
        told = (
            *task.warnings,
            *sample.warnings,
            *warnings,
            *_slow(estimate.slow_layers),
            *_doubts(plain, wanted=self.settings.standard_error),
        )
        doubts = tuple(map(visible, told))
        embedding = TaskEmbedding.from_estimates(
            values=estimate.values,
            errors=estimate.errors,
            replicates=estimate.replicates,
            provenance=plain.model_copy(update={"warnings": doubts}),
        )
        layers = tuple(
            (layer.name, layer.elements.stop - layer.elements.start)
            for layer in find_layers(self.probe.backbone, self.probe.card.layers)
        )
        return Embedded(embedding, sample, doubts, seen, layers, head)

    def _inputs(self, sample: Sample[Pixels]) -> Iterator[Tensor]:
        return batches(self.probe, sample.images, batch_size=self.settings.batch_size)

    def _features(self, sample: Sample[Pixels], tell: Progress) -> NDArray[np.float32]:
        found: list[NDArray[np.float32]] = []
        for batch in features(self.probe, sample.images, batch_size=self.settings.batch_size):
            found.append(batch.cpu().numpy())
            tell("features", sum(map(len, found)), len(sample.images))
        return np.concatenate(found)


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries whose numerics an embedding depends on."""
    names = ("task2vec", "torch", "timm", "numpy", "scikit-learn", "pillow")
    return {name: version(name) for name in names}


def _slow(layers: tuple[str, ...]) -> list[str]:
    if not layers:
        return []
    return [
        "the images went through the probe one at a time, since no fast way is known for "
        f"{plural(len(layers), 'layer')}: {examples(layers)}"
    ]


def _doubts(provenance: Provenance, *, wanted: float | None) -> list[str]:
    """Return warnings about the numbers themselves.

    Images are not called few where they sufficed for the standard error that was ``wanted``.
    """
    doubts = []
    if not provenance.head.converged:
        doubts.append(
            f"the head did not converge (gradient {provenance.head.gradient_norm:.1e} after "
            f"{provenance.head.iterations} iterations): a larger head penalty would help"
        )
    reached = wanted is not None and provenance.standard_error <= wanted
    few = provenance.images < 10 * provenance.classes and provenance.images < 100
    if few and not reached:
        doubts.append(
            f"only {provenance.images} images of {provenance.classes} classes: "
            "the embedding is noisy, see its standard error"
        )
    return doubts
