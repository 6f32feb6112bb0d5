"""An expert that is ready to classify: its network, its classifier, its temperature."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from task2vec.errors import WeightsError
from task2vec.finetune.card import ClassifierCard
from task2vec.finetune.checkpoint import classifier_name
from task2vec.finetune.temperature import shares
from task2vec.probe.probe import Pixels, Probe
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

    Raises `WeightsError` where the file holds none, or one of other classes or features.
    """
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
