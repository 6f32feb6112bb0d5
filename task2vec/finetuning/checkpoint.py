"""The file of an expert: its network under timm's names, and what it states of itself."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import nn

from task2vec.finetuning.card import METADATA_KEY
from task2vec.finetuning.temperature import Temperature
from task2vec.probe.probe import Probe
from task2vec.probe.weights import write_safetensors
from task2vec.types.tuning import Recipe


@dataclass(frozen=True)
class Expert:
    """What a checkpoint states of itself: its ``name``, the ``task``'s and the ``start``'s."""

    name: str
    task: str
    start: str


def write_checkpoint(
    target: Path,
    probe: Probe,
    *,
    backbone: nn.Module,
    classifier: nn.Linear,
    recipe: Recipe,
    best_epoch: int,
    classes: tuple[str, ...],
    expert: Expert,
    temperature: Temperature,
) -> None:
    """Write backbone and classifier, and what `predict` needs to use them, whole or not at all.

    ``recipe`` is what it was made by, ``best_epoch`` the epoch that was kept, 0 for a backbone as
    it was.

    Raises `WeightsError` when ``target`` cannot be written.
    """
    prefix = classifier_name(probe.card.architecture)
    state = dict(backbone.state_dict())
    state |= {f"{prefix}.{key}": value for key, value in classifier.state_dict().items()}
    about = {
        **asdict(expert),
        "architecture": probe.card.architecture,
        "preprocessing": asdict(probe.card.preprocessing),
        "licence": probe.card.licence,
        "classes": classes,
        "recipe": recipe,
        "best_epoch": best_epoch,
        "temperature": temperature.value,
        "calibration_images": temperature.images,
    }
    write_safetensors(target, state, {METADATA_KEY: json.dumps(about)})


def classifier_name(architecture: str) -> str:
    """Return what timm calls the last linear layer of an architecture."""
    from timm.models import get_pretrained_cfg

    config = get_pretrained_cfg(architecture, allow_unregistered=True)
    name = config.classifier if config else None
    return name if isinstance(name, str) else (name[0] if name else "classifier")
