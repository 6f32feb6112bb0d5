"""Experts in the store: their checkpoints, and what these state of themselves."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from task2vec.service.workspace import Workspace
from task2vec.store.identity import new_id
from task2vec.types import ModelRecord, TaskRecord

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe
    from task2vec.recommend.finetune import FineTuned

# Refs of experts are relative to their store, so that a store can be moved.
_SCHEME = "store:"


def checkpoint(workspace: Workspace, model: ModelRecord) -> Path | None:
    """Return where the store keeps a model's checkpoint; None for one from elsewhere."""
    if not model.ref.startswith(_SCHEME):
        return None
    return workspace.path.absolute() / model.ref.removeprefix(_SCHEME)


def save_expert(
    workspace: Workspace,
    *,
    name: str,
    start: ModelRecord,
    task: TaskRecord,
    probe: "Probe",
    tuned: "FineTuned",
    classes: tuple[str, ...],
) -> ModelRecord:
    """Write the checkpoint under timm's names, then the record that points to it.

    Raises `WeightsError` when it cannot be written; the record is then not there either.
    """
    from task2vec.probe.weights import write_safetensors

    id_ = new_id("mdl")
    prefix = _classifier_name(probe.card.architecture)
    state = dict(tuned.backbone.state_dict())
    state |= {f"{prefix}.{key}": value for key, value in tuned.classifier.state_dict().items()}
    card = probe.card
    about = {
        "name": name,
        "architecture": card.architecture,
        "preprocessing": asdict(card.preprocessing),
        "licence": card.licence,
        "classes": classes,
        "task": task.id,
        "best_epoch": tuned.best_epoch,
        "start": start.name,
    }
    file = f"{id_}.safetensors"
    path = workspace.path / "experts" / file
    sweep_partials(path.parent)
    write_safetensors(path, state, {"task2vec": json.dumps(about)})
    try:
        return workspace.store(create=True).models.add(
            ModelRecord(
                id=id_,
                name=name,
                ref=f"{_SCHEME}{path.parent.name}/{file}",
                architecture=card.architecture,
                task=task.id,
                parameters=sum(tensor.numel() for tensor in state.values()),
                input_size=card.preprocessing.input_size,
                licence=card.licence,
                created="",
            )
        )
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _classifier_name(architecture: str) -> str:
    from timm.models import get_pretrained_cfg

    config = get_pretrained_cfg(architecture, allow_unregistered=True)
    found = config.classifier if config else None
    return found if isinstance(found, str) else (found[0] if found else "classifier")


def has_own_backbone(workspace: Workspace, model: ModelRecord) -> bool:
    """Whether fine-tuning changed the backbone: an expert that kept epoch 0 is its start anew.

    Only experts of this store state that; of any other model it is taken to be so.
    """
    path = checkpoint(workspace, model)
    if path is None or not path.is_file():
        return True
    from task2vec.probe.weight_files import read_metadata

    stated = json.loads(read_metadata(path).get("task2vec", "{}"))
    return bool(stated.get("best_epoch") != 0)


def sweep_partials(folder: Path) -> None:
    """Remove checkpoints that a killed process left half written; its number is in their name."""
    for partial in folder.glob(".*.partial"):
        owner = partial.name.split(".")[-2]
        try:
            os.kill(int(owner), 0)
        except (ValueError, ProcessLookupError):
            partial.unlink(missing_ok=True)
        except PermissionError:
            continue
