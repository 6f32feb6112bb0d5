"""From a task and a probe to an embedding."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from task2vec.data.sampling.sample import Sample
from task2vec.data.sampling.spool import draw_spooled
from task2vec.data.task import Task
from task2vec.data.wording import examples, plural
from task2vec.distance import ImageNoise, image_noise
from task2vec.embedding.adaptive_sampling import Rounds, estimate_in_rounds
from task2vec.embedding.head_noise import expected_refit_distance
from task2vec.embedding.inputs import batches, features
from task2vec.embedding.label_noise import label_noise
from task2vec.embedding.settings import EmbeddingSettings
from task2vec.fisher.estimate import deal_groups, estimate_fisher
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
    features: NDArray[np.float32]
    layers: tuple[tuple[str, int], ...]
    head: Head

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user of the embedding should know."""
        return self.embedding.provenance.warnings


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
        settings, probe = self.settings, self.probe
        tell = progress or (lambda _stage, _done, _total: None)
        hear = error or (lambda _error: None)
        with imported_ahead():
            sample = draw_spooled(
                task,
                images=settings.images,
                seed=settings.seed,
                transform=probe.preprocess,
                progress=lambda done, total: tell("reading", done, total),
            )
            seen = self._features(sample, tell)
        head = fit_head(
            seen, sample.labels, classes=len(sample.classes), penalty=settings.head_penalty
        )

        def head_noise() -> float:
            return expected_refit_distance(
                probe,
                sample,
                seen,
                head=head,
                groups=deal_groups(sample.labels),
                settings=settings,
                progress=lambda done, total: tell("noise", done, total),
            )

        if (wanted := settings.standard_error) is None:
            rounds = self._estimate(sample, head, tell)
            hear(rounds.of_images.distance)
            of_head = head_noise()
        else:
            # First, since no round lessens it: the head is fitted to all images that were drawn.
            of_head = head_noise()

            def enough(of_images: ImageNoise) -> bool:
                reached = of_images.and_head(of_head)
                hear(reached)
                return reached <= wanted

            rounds = estimate_in_rounds(
                probe,
                sample,
                head,
                settings=settings,
                enough=enough,
                progress=lambda done, total: tell("fisher", done, total),
            )
        embedding = self._embedding(task, sample, head, rounds=rounds, of_head=of_head)
        layers = tuple(
            (layer.name, layer.elements.stop - layer.elements.start)
            for layer in find_layers(probe.backbone, probe.card.layers)
        )
        return Embedded(embedding, sample, seen, layers, head)

    def _estimate(self, sample: Sample[Pixels], head: Head, tell: Progress) -> Rounds:
        """Estimate the Fisher from all images at once."""
        settings, count = self.settings, len(sample.images)
        noise = label_noise(settings, sample.labels, head=head)
        estimate = estimate_fisher(
            self.probe.backbone,
            head.on(self.probe.backbone),
            batches(self.probe, sample.images, batch_size=settings.batch_size),
            noise=noise,
            weights=class_weights(sample.labels, len(sample.classes)),
            groups=deal_groups(sample.labels),
            counted=self.probe.card.layers,
            progress=lambda done: tell("fisher", done, count * noise.passes),
        )
        of_images = image_noise(estimate.replicates, settings.prior_precision)
        return Rounds(estimate, images=count, passes=1, of_images=of_images)

    def _embedding(
        self, task: Task, sample: Sample[Pixels], head: Head, *, rounds: Rounds, of_head: float
    ) -> TaskEmbedding:
        """Put an embedding together, with all that its user should know in its provenance."""
        settings, classes = self.settings, len(sample.classes)
        provenance = Provenance(
            space=self.space,
            probe_name=self.probe.name,
            estimator=settings.estimator.value,
            draws=settings.estimator.draws(settings.draws * rounds.passes, classes=classes),
            seed=settings.seed,
            images=rounds.images,
            classes=classes,
            class_names=sample.classes,
            content_hash=sample.content_hash,
            standard_error=rounds.of_images.and_head(of_head),
            head=head.fit,
            versions=library_versions(),
            likelihood=sample.likelihood,
            head_error=of_head,
        )
        warnings = (
            *task.warnings,
            *sample.warnings,
            *_missed(rounds, provenance, wanted=settings.standard_error),
            *_slow(rounds.estimate.slow_layers),
            *_doubts(provenance, wanted=settings.standard_error),
        )
        warned = {"warnings": tuple(map(visible, warnings))}
        return TaskEmbedding.from_estimates(
            values=rounds.estimate.values,
            errors=rounds.estimate.errors,
            replicates=rounds.estimate.replicates,
            provenance=provenance.model_copy(update=warned),
        )

    def _features(self, sample: Sample[Pixels], tell: Progress) -> NDArray[np.float32]:
        parts: list[NDArray[np.float32]] = []
        for batch in features(self.probe, sample.images, batch_size=self.settings.batch_size):
            parts.append(batch.cpu().numpy())
            tell("features", sum(map(len, parts)), len(sample.images))
        return np.concatenate(parts)


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries whose numerics an embedding depends on."""
    names = ("task2vec", "torch", "timm", "numpy", "scikit-learn", "pillow")
    return {name: version(name) for name in names}


def _missed(rounds: Rounds, provenance: Provenance, *, wanted: float | None) -> list[str]:
    """Return the warning that the standard error that was ``wanted`` has not been reached."""
    reached = provenance.standard_error
    if wanted is None or reached <= wanted:
        return []
    return [
        f"the standard error is {reached:.3f} and not {wanted:g}: "
        f"{rounds.of_images.distance:.3f} from the {rounds.images:,} images and "
        f"{provenance.head_error:.3f} from the head; more images lessen both"
    ]


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
