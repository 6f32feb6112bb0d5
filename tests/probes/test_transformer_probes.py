"""Transformers of timm as probes, from saved weights to a distance."""

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

import task2vec
from task2vec.distance import task_symmetric_distance
from task2vec.probe.registry import load_probe

TASKS = Path(__file__).parents[2] / "examples" / "tasks"
NAMES = {
    "vit_tiny_patch16_224": 64,
    "convnext_atto": 64,
}


@pytest.fixture(params=NAMES)
def reference(request, tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "weights.safetensors"
    save_file(timm.create_model(request.param, num_classes=7).state_dict(), path)
    return f"file:{path}?arch={request.param}&input_size={NAMES[request.param]}"


@pytest.mark.filterwarnings("error", "ignore::task2vec.EmbeddingWarning")
def test_embeds_tasks(reference):
    a, b, again = (
        task2vec.embed(TASKS / name, probe=reference, images=8)
        for name in ("tango_icons", "satellite_night", "tango_icons")
    )
    assert task_symmetric_distance(a, again) < 1e-6
    assert 0.001 < task_symmetric_distance(a, b) < 1


def test_another_size_has_the_same_weights(reference):
    probe = load_probe(reference)
    size = probe.card.preprocessing.input_size
    assert probe.fingerprint == load_probe(reference).fingerprint
    assert probe.features([np.zeros((size, size, 3), dtype=np.uint8)]).shape[0] == 1
