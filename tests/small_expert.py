"""An expert of a small random network on real images, made without minutes of training."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from small_network import reference_of

if TYPE_CHECKING:
    from task2vec.service.workspace import Workspace


def expert_file(
    folder: Path, source: Path, *, temperature: float | None = 1.7, images: int = 40, **stated: Any
) -> Path:
    """Write the checkpoint of a linear classifier on a random backbone; return its path.

    ``source`` holds a folder of images per class. Without a ``temperature`` it is as of an
    earlier version. ``stated`` overrides what the file states of itself; None leaves it out.
    """
    import json

    import torch
    from safetensors.torch import load_file, save_file
    from torch import nn

    from task2vec.data.pixels.decode import decode
    from task2vec.finetuning.checkpoint import METADATA_KEY, Expert, write_checkpoint
    from task2vec.finetuning.temperature import Temperature
    from task2vec.probe.head import fit_head
    from task2vec.probe.registry import load_probe
    from task2vec.probe.weight_files import read_metadata
    from task2vec.types import Recipe

    probe = load_probe(reference_of(folder))
    classes = sorted(path.name for path in source.iterdir())
    files = [(label, file) for label in classes for file in sorted((source / label).iterdir())]
    pixels = [probe.preprocess(decode(file.read_bytes())) for _, file in files]
    labels = np.array([classes.index(label) for label, _ in files])
    head = fit_head(probe.features(pixels).numpy(), labels, classes=len(classes))
    layer = nn.Linear(head.weight.shape[1], len(classes))
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(head.weight))
        layer.bias.copy_(torch.from_numpy(head.bias))
    path = folder / "expert.safetensors"
    write_checkpoint(
        path,
        probe,
        backbone=probe.backbone,
        classifier=layer,
        recipe=Recipe.ALL_LAYERS,
        best_epoch=1,
        classes=tuple(classes),
        expert=Expert("small", source.name, "test_resnet"),
        temperature=Temperature(temperature or 1.0, images),
    )
    if temperature is None:
        stated |= {"temperature": None, "calibration_images": None}
    if stated:
        about = json.loads(read_metadata(path)[METADATA_KEY]) | stated
        kept = {name: value for name, value in about.items() if value is not None}
        save_file(load_file(path), path, metadata={METADATA_KEY: json.dumps(kept)})
    return path


def add_expert(
    store: "Path | Workspace", file: Path, *, name: str = "small", task: str = "emoji_food"
) -> None:
    """Take a copy of an expert's file into a store, or an open one, as fine-tuning does."""
    import shutil
    from contextlib import nullcontext

    from task2vec.finetuning.result import Tuned
    from task2vec.finetuning.settings import FineTuningSettings
    from task2vec.messages.models import NewModel
    from task2vec.probe.weight_files import file_hash
    from task2vec.service.models.experts import new_checkpoint, register_tuned
    from task2vec.service.models.registering import add_model
    from task2vec.service.workspace import Workspace
    from task2vec.store.sql.identity import new_id

    opened = Workspace(store) if isinstance(store, Path) else nullcontext(store)
    with opened as workspace, new_checkpoint(workspace) as path:
        new = NewModel(ref=f"file:{file}?arch=test_resnet", name=f"start of {name}")
        start = add_model(workspace, new)
        path.parent.mkdir(exist_ok=True)
        shutil.copy(file, path)
        tuned = Tuned(
            correct=(True,) * 4,
            test_keys=("a", "b", "c", "d"),
            protocol="fine-tuning/1 32px 20 images seed 0",
            epochs=1,
            best_epoch=1,
            seconds=1.0,
            settings=FineTuningSettings(),
            sha256=file_hash(path),
        )
        record = workspace.store().tasks.get(task)
        with workspace.store().transaction() as connection:
            register_tuned(
                workspace,
                tuned,
                path,
                name=name,
                start=start,
                task=record,
                id_=new_id("mdl"),
                connection=connection,
            )
