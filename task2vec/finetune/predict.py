"""Classifying a stream of images: decoded ahead, batch by batch, a few in memory at a time."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any

from task2vec.data.pixels.decode import image_of
from task2vec.data.pixels.limits import MAX_AHEAD_BYTES
from task2vec.data.pixels.prefetch import map_ahead
from task2vec.data.pixels.reader import Raw, UnreadableImageError, weight
from task2vec.embedding.inputs import suitable_batch_size
from task2vec.finetune.classifier import Classifier
from task2vec.fisher.parallel_batches import in_lanes, suitable_lanes
from task2vec.probe.probe import Pixels

_Prepared = tuple[str, Pixels | UnreadableImageError]


@dataclass(frozen=True)
class Prediction:
    """The likeliest class of the image at ``path``, and the probability of every class by name.

    Of an image that could not be read there is only ``error``, a short reason.
    """

    path: str
    label: str | None = None
    probability: float | None = None
    probabilities: dict[str, float] | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary with the stable fields."""
        return {
            "path": self.path,
            "label": self.label,
            "probability": self.probability,
            "probabilities": self.probabilities,
            "error": self.error,
        }


def predictions(
    classifier: Classifier,
    images: Iterable[tuple[str, Raw]],
    *,
    batch_size: int | None = None,
) -> Iterator[Prediction]:
    """Yield a prediction for each image, in their order, one that cannot be read too.

    Images are taken as they are needed: some batches are under way, and no more is held.
    """
    probe = classifier.probe
    size = batch_size or suitable_batch_size(probe)

    def prepare(image: tuple[str, Raw]) -> _Prepared:
        path, raw = image
        try:
            with image_of(raw) as found:
                return path, probe.preprocess(found)
        except UnreadableImageError as error:
            return path, error

    def classify(batch: list[_Prepared]) -> list[Prediction]:
        pixels = [found for _, found in batch if not isinstance(found, UnreadableImageError)]
        rows = iter(classifier.probabilities(pixels) if pixels else ())
        return [
            Prediction(path, error=found.problem)
            if isinstance(found, UnreadableImageError)
            else _prediction(path, next(rows).tolist(), classifier.card.classes)
            for path, found in batch
        ]

    with (
        closing(
            map_ahead(prepare, images, weigh=lambda found: weight(found[1]), most=MAX_AHEAD_BYTES)
        ) as prepared,
        closing(
            in_lanes(classify, _batches(prepared, size), lanes=suitable_lanes(probe.device))
        ) as batches,
    ):
        for batch in batches:
            yield from batch


def _batches(items: Iterator[_Prepared], size: int) -> Iterator[list[_Prepared]]:
    while batch := list(islice(items, size)):
        yield batch


def _prediction(path: str, row: list[float], classes: tuple[str, ...]) -> Prediction:
    best = max(range(len(row)), key=row.__getitem__)
    return Prediction(path, classes[best], row[best], dict(zip(classes, row, strict=True)))
