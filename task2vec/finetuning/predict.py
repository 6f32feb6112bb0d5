"""An expert that is ready to classify, and its predictions of a stream of images."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from task2vec.data.pixels.decode import image_of
from task2vec.data.pixels.limits import MAX_AHEAD_BYTES
from task2vec.data.pixels.prefetch import map_ahead
from task2vec.data.pixels.reader import Raw, UnreadableImageError, weight
from task2vec.embedding.inputs import suitable_batch_size
from task2vec.errors import WeightsError
from task2vec.finetuning.card import ClassifierCard
from task2vec.finetuning.checkpoint import classifier_name
from task2vec.finetuning.temperature import shares
from task2vec.fisher.parallel_batches import batches_at_once, map_batches
from task2vec.messages.predictions import Prediction, prediction, unreadable
from task2vec.probe.probe import Pixels, Probe
from task2vec.probe.weight_files import check_finite
from task2vec.probe.weights import read_safetensors


@dataclass(frozen=True, eq=False)
class Classifier:
    """``layer`` maps the probe's (N, D) features to the (N, C) logits of the card's classes."""

    probe: Probe
    layer: nn.Linear
    card: ClassifierCard

    def probabilities(self, pixels: Sequence[Pixels]) -> NDArray[np.float64]:
        """Return the calibrated (N, C) probabilities of N >= 1 preprocessed images."""
        with torch.inference_mode():
            logits = self.layer(self.probe.backbone(self.probe.to_input(pixels)))
        return shares(logits.float().cpu().numpy(), self.card.temperature.value)


def load_classifier(probe: Probe, path: Path, card: ClassifierCard) -> Classifier:
    """Return the classifier that the file of an expert holds, for the probe of the same file.

    Raises `WeightsError` where the file holds none, or one of other classes or features, or weights
    that are not finite.
    """
    check_finite(path)
    state, _ = read_safetensors(path)
    prefix = classifier_name(probe.card.architecture)
    weight, bias = (state.get(f"{prefix}.{part}") for part in ("weight", "bias"))
    classes = len(card.classes)
    shape = None if weight is None else tuple(weight.shape)
    fits = shape is not None and len(shape) == 2 and shape[0] == classes
    if weight is None or bias is None or not fits or tuple(bias.shape) != (classes,):
        raise WeightsError(
            f"The classifier in {path.name} does not fit its classes",
            expected=f"{prefix}.weight and {prefix}.bias for {classes} classes",
            got="none" if weight is None or bias is None else f"{shape} and {tuple(bias.shape)}",
            remedy="Fine-tune it anew.",
        )
    layer = nn.Linear(weight.shape[1], classes)
    layer.load_state_dict({"weight": weight, "bias": bias})
    return Classifier(probe, layer.requires_grad_(False).eval().to(probe.device), card)


_Prepared = tuple[str, Pixels | UnreadableImageError]


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
            unreadable(path, found.problem)
            if isinstance(found, UnreadableImageError)
            else prediction(path, next(rows).tolist(), classifier.card.classes)
            for path, found in batch
        ]

    with (
        closing(
            map_ahead(prepare, images, weigh=lambda found: weight(found[1]), most=MAX_AHEAD_BYTES)
        ) as prepared,
        closing(
            map_batches(classify, _batches(prepared, size), at_once=batches_at_once(probe.device))
        ) as batches,
    ):
        for batch in batches:
            yield from batch


def _batches(items: Iterator[_Prepared], size: int) -> Iterator[list[_Prepared]]:
    while batch := list(islice(items, size)):
        yield batch
