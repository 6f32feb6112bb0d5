"""Taking a checkpoint into the store: with its record and its outcome, or not at all."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from factories import replace
from small_store import build, snapshot

from task2vec.errors import NameTakenError, StoreError, WeightsError
from task2vec.finetuning.result import Tuned
from task2vec.finetuning.settings import FineTuningSettings
from task2vec.probe.weight_files import file_hash
from task2vec.probe.weights import read_safetensors, write_safetensors
from task2vec.service.models.experts import checkpoint, new_checkpoint, register_tuned
from task2vec.service.models.zoo import get_model
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import new_id

ABOUT = {
    "name": "expert",
    "architecture": "tf_efficientnet_lite0",
    "preprocessing": {"input_size": 128, "mean": [0.5] * 3, "std": [0.5] * 3},
    "licence": "Apache-2.0",
    "best_epoch": 2,
}


@pytest.fixture
def workspace(tmp_path):
    store = Path(shutil.copytree(build().store, tmp_path / "store"))
    with Workspace(store) as opened:
        opened.store(create=True)
        yield opened


@pytest.fixture
def write(tmp_path):
    """Write a checkpoint that states something of itself; return it, and how it was made."""

    def call(about=ABOUT, **changes):
        path = tmp_path / "store" / "incoming.safetensors"
        state = {"conv.weight": torch.ones(3, 4), "head.bias": torch.zeros(5)}
        write_safetensors(path, state, {"task2vec": json.dumps(about)})
        tuned = Tuned(
            correct=(True, True, False, True),
            test_keys=("a", "b", "c", "d"),
            protocol="fine-tuning/1 128px 12 images seed 7",
            epochs=3,
            best_epoch=2,
            seconds=9.0,
            settings=FineTuningSettings(epochs=3, seed=7),
            sha256=file_hash(path),
        )
        return path, replace(tuned, **changes)

    return call


@pytest.fixture
def register(workspace):
    def call(path, tuned, *, on="emoji_food", start="efficientnet_lite0", **options):
        task = workspace.store().tasks.get(on)
        start = get_model(workspace, start)
        options = {"name": "expert", "id_": new_id("mdl"), **options}
        with workspace.store().transaction() as connection:
            return register_tuned(
                workspace, tuned, path, start=start, task=task, connection=connection, **options
            )

    return call


def files(workspace):
    folder = workspace.path / "experts"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_the_expert_and_the_outcome_are_stored(workspace, write, register):
    path, tuned = write()
    digest = tuned.sha256
    expert = register(path, tuned, id_="mdl_00000000000000ab")
    (outcome,) = workspace.store().outcomes.list()

    assert workspace.store().models.get("expert") == expert
    # A limit compares it with the default, whose classifier counts.
    assert get_model(workspace, "expert") == replace(expert, parameters=4_652_008)
    assert expert.id == "mdl_00000000000000ab"
    assert (expert.parameters, expert.input_size, expert.licence) == (17, 128, "Apache-2.0")
    assert expert.sha256 == digest == file_hash(checkpoint(workspace, expert))
    assert (outcome.accuracy, outcome.images, outcome.seed) == (0.75, 4, 7)
    assert outcome.model == get_model(workspace, "efficientnet_lite0").id
    assert outcome.details["expert"] == expert.id
    assert not path.exists()
    assert files(workspace) == ["mdl_00000000000000ab.safetensors"]


def test_a_checkpoint_of_weights_that_are_no_numbers_is_not_taken(workspace, write, register):
    path, tuned = write()
    state, metadata = read_safetensors(path)
    state["head.bias"][2] = float("nan")
    write_safetensors(path, state, metadata)
    with pytest.raises(WeightsError, match="not all numbers"):
        register(path, replace(tuned, sha256=file_hash(path)))
    assert workspace.store().outcomes.list() == []
    assert files(workspace) == []


def test_an_expert_of_an_expert_has_seen_both_tasks(workspace, write, register):
    names = ("emoji_food", "fashion_tops", "emoji_food")
    made = [get_model(workspace, "efficientnet_lite0")]
    for number, on in enumerate(names):
        path, tuned = write()
        made.append(register(path, tuned, on=on, start=made[-1].name, name=f"e{number}"))
    food, tops = (workspace.store().tasks.get(name).id for name in names[:2])
    assert [model.start for model in made] == [None, *(model.id for model in made[:3])]
    assert [model.lineage for model in made[1:]] == [(), (food,), (tops, food)]
    assert workspace.store().models.get("e2") == made[3]


def test_what_was_not_tested_has_no_outcome(workspace, write, register):
    path, tuned = write(correct=(), test_keys=())
    expert = register(path, tuned)
    assert workspace.store().outcomes.list() == []
    assert workspace.store().models.get("expert") == expert


@pytest.mark.parametrize("failing", ["models.Models", "outcomes.Outcomes"])
def test_half_of_it_is_never_stored(workspace, write, register, failing, monkeypatch):
    path, tuned = write()
    before = workspace.store().models.list(), workspace.store().outcomes.list()
    method = f"task2vec.store.tables.{failing}.add_within"

    def break_off(*_: object) -> None:
        raise StoreError("The disk broke")

    monkeypatch.setattr(method, break_off)
    with pytest.raises(StoreError):
        register(path, tuned)
    assert (workspace.store().models.list(), workspace.store().outcomes.list()) == before
    assert files(workspace) == []
    assert path.exists()


def test_a_commit_that_fails_leaves_no_file(workspace, write, register, monkeypatch):
    path, tuned = write()
    with pytest.raises(NameTakenError):
        register(path, tuned, name="efficientnet_lite1")
    assert files(workspace) == []

    def break_off(*_: object) -> None:
        raise OSError(5, "Input/output error")

    # The move is made, and then the folder cannot be synced.
    monkeypatch.setattr("task2vec.service.uploads.os.fsync", break_off)
    with pytest.raises(StoreError):
        register(path, tuned)
    assert files(workspace) == []
    assert "expert" not in {model.name for model in workspace.store().models.list()}


def test_what_is_left_in_a_new_place_goes(workspace):
    before = snapshot(workspace.path)
    with new_checkpoint(workspace) as path:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
    # A process of this number cannot be.
    orphan = path.with_name(".mdl_0.4194305.partial")
    orphan.write_bytes(b"half")
    ours = path.with_name(f".mdl_0.{os.getpid()}.partial")
    ours.write_bytes(b"half")
    with new_checkpoint(workspace):
        assert not orphan.exists()
        assert ours.exists()
    ours.unlink()
    assert files(workspace) == []
    assert snapshot(workspace.path) == before
