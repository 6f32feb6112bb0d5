"""Experts in odd places, half-written checkpoints, and two processes at once."""

import json
from pathlib import Path

import torch
from factories import make_model

from task2vec.messages.models import Model
from task2vec.probe.weights import write_safetensors
from task2vec.service.models.availability import Weights, weights_of
from task2vec.service.models.zoo import loadable_ref
from task2vec.service.packaged_models import packaged_models, register_packaged
from task2vec.service.workspace import Workspace
from task2vec.store import Store
from task2vec_probes.file import file_card

ABOUT = {"architecture": "resnet18", "name": "expert"}


def expert(store: Path, **about: object) -> Model:
    """Write a checkpoint that states ``about`` into a store's folder; return its record."""
    path = store / "experts" / "mdl_0.safetensors"
    write_safetensors(path, {"x": torch.zeros(1)}, {"task2vec": json.dumps({**ABOUT, **about})})
    return make_model(
        "expert",
        id="mdl_0",
        ref="store:experts/mdl_0.safetensors",
        architecture="resnet18",
        parameters=1,
        input_size=128,
    )


def test_an_expert_is_found_in_a_store_with_any_name(tmp_path: Path) -> None:
    for name in ("plain", "st?x#y%41", "100%", "é ü"):
        record = expert(tmp_path / name)
        with Workspace(tmp_path / name) as workspace:
            card = file_card(loadable_ref(workspace, record))
        assert card.weights == f"file:{tmp_path / name / 'experts' / 'mdl_0.safetensors'}"


def test_an_expert_that_kept_its_start_is_told_from_one_that_did_not(tmp_path: Path) -> None:
    with Workspace(tmp_path) as workspace:
        kept = weights_of(workspace, expert(tmp_path, best_epoch=0))
        assert kept is Weights.UNCHANGED
        assert weights_of(workspace, expert(tmp_path, best_epoch=3)) is Weights.SOUND
        assert weights_of(workspace, expert(tmp_path)) is Weights.SOUND
        assert {weights_of(workspace, model) for model in packaged_models()} == {Weights.SOUND}


def test_two_processes_may_register_the_packaged_models(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        before = store.models.list
        # What the second process saw before the first one wrote.
        store.models.list = lambda: []  # type: ignore[method-assign]
        register_packaged(store)
        register_packaged(store)
        assert {model.name for model in before()} == {model.name for model in packaged_models()}
