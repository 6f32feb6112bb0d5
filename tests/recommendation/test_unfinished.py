"""Going on with an interrupted fine-tuning: it must end as one that was not interrupted."""

import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from stripes import CLASSES, QUICK, stripes

from task2vec.finetuning import resume as module
from task2vec.finetuning.recipe import fine_tune
from task2vec.finetuning.resume import Unfinished, key_of, place
from task2vec.finetuning.splits import part_of
from task2vec.finetuning.training import Training
from task2vec.probe.weights import read_safetensors, write_safetensors
from task2vec.types.tuning import GOING_ON


@pytest.fixture(autouse=True)
def _every_time(monkeypatch):
    monkeypatch.setattr(module, "EVERY", 0.0)


@pytest.fixture
def path(tmp_path):
    return place(tmp_path, "dogs/../from lite0")


@pytest.fixture(scope="module")
def data(tiny_probe):
    return stripes(tiny_probe, 66, 0)


class Interrupt(BaseException):
    """As Ctrl-C is: no error that anybody handles."""


@pytest.mark.parametrize("validated", [30, 6], ids=["validation", "cross_validation"])
def test_a_run_that_goes_on_ends_as_one_without_an_end_between(
    tiny_probe, data, path, validated, monkeypatch
):
    # Four epochs are too few to beat the linear probe, and a chosen one is what all steps are of.
    monkeypatch.setattr("task2vec.finetuning.auto_recipe.prefers_training", lambda *_, **__: True)
    training = part_of(data, np.arange(36))
    validation = part_of(data, np.arange(36, 36 + validated))
    settings = replace(QUICK, epochs=4, batch_size=18)

    def run(stop, state):
        passed = 0
        said.clear()

        def tick(images):
            nonlocal passed
            passed += images
            if passed >= stop:
                raise Interrupt

        found = fine_tune(
            tiny_probe,
            training,
            validation,
            classes=CLASSES,
            settings=settings,
            say=lambda words, _images: said.append(words),
            tick=tick,
            unfinished=state,
        )
        return found, passed

    said = []
    by_folds = ["fold 2 of 3, epoch 1 of 4", "fold 3 of 3, epoch 3 of 4", "epoch 4 of 4"]
    where = [None, "epoch 2 of 4", "epoch 4 of 4"] if validated == 30 else by_folds
    whole, passes = run(float("inf"), Unfinished())
    assert whole.best_epoch > 0
    assert not any(each.startswith(GOING_ON) for each in said)
    for share, place_ in zip((0.3, 0.6, 0.95), where, strict=True):
        with pytest.raises(Interrupt):
            run(share * passes, Unfinished(path, "key"))
        state = Unfinished(path, "key")
        assert state.warnings == []
        again, passed = run(float("inf"), state)
        # What was done before is not done again.
        assert passed < passes if place_ else passed == passes
        assert state.gone_on == place_
        goes_on = [each for each in said if each.startswith(GOING_ON)]
        assert goes_on == ([] if place_ is None else [GOING_ON + place_])
        assert (again.epochs, again.best_epoch) == (whole.epochs, whole.best_epoch)
        assert again.choice == whole.choice
        torch.testing.assert_close(again.held_out.logits, whole.held_out.logits)
        for name, value in whole.backbone.state_dict().items():
            torch.testing.assert_close(again.backbone.state_dict()[name], value)
        torch.testing.assert_close(again.classifier.weight, whole.classifier.weight)
        state.remove()
        assert list(path.parent.iterdir()) == []


def test_within_a_fold_it_goes_on_from_the_last_epoch(tiny_probe, data, path, monkeypatch):
    few, nothing = part_of(data, np.arange(24)), part_of(data, np.arange(0))
    begun = []
    run_epoch = Training.run_epoch

    def note(run, *told):
        begun.append(run.epoch)
        if len(begun) == 6:
            raise Interrupt
        run_epoch(run, *told)

    monkeypatch.setattr(Training, "run_epoch", note)

    def run():
        settings = replace(QUICK, epochs=4)
        state = Unfinished(path, "key")
        fine_tune(tiny_probe, few, nothing, classes=CLASSES, settings=settings, unfinished=state)
        return state.gone_on

    with pytest.raises(Interrupt):
        run()
    # The first fold, and one epoch of the second.
    assert begun == [0, 1, 2, 3, 0, 1]
    begun[:] = [-1] * 6
    assert run() == "fold 2 of 3, epoch 2 of 4"
    assert begun[6:][:7] == [1, 2, 3, 0, 1, 2, 3]
    # What is done leaves no weights behind: they would be written again and again.
    left, _ = read_safetensors(path)
    assert not [name for name in left if name.startswith("fold") and "network" in name]


PART = {"weights": torch.arange(6.0).reshape(2, 3), "epoch": torch.tensor(3)}


def test_parts_come_back_as_they_were(path):
    state = Unfinished(path, "key")
    state.put("fold 0 at 0.001", PART)
    state.put("training", {"generator": torch.Generator().manual_seed(3).get_state()})
    state.put("training", {"generator": torch.Generator().manual_seed(4).get_state()})
    again = Unfinished(path, "key")
    assert again.get("fold 1 at 0.001") is None
    found = again.get("fold 0 at 0.001")
    assert found.keys() == PART.keys()
    assert all(torch.equal(found[name], PART[name]) for name in PART)
    generator = torch.Generator()
    generator.set_state(again.get("training")["generator"])
    assert generator.initial_seed() == 4


def test_another_key_begins_anew_and_removes_what_lies_there(path):
    Unfinished(path, "key").put("training", PART)
    other = Unfinished(path, "other")
    assert other.get("training") is None
    assert other.warnings == []
    assert not path.exists()


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "foreign", "empty"])
def test_damage_is_told_and_left_aside(path, damage):
    Unfinished(path, "key").put("training", PART)
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        content[-3] ^= 1
    path.write_bytes(
        {"cut": content[:-5], "text": b"hello", "empty": b""}.get(damage, bytes(content))
    )
    if damage == "foreign":
        write_safetensors(path, PART, {})
    state = Unfinished(path, "key")
    assert state.get("training") is None
    assert len(state.warnings) == 1
    assert "damaged" in state.warnings[0]
    assert not path.exists()


def test_a_place_that_cannot_be_written_is_told_once_and_stops_nothing(tmp_path):
    (tmp_path / "file").touch()
    state = Unfinished(tmp_path / "file" / "state", "key")
    state.put("training", PART)
    state.put("training", PART)
    assert len(state.warnings) == 1
    assert "could not be kept" in state.warnings[0]
    assert torch.equal(state.get("training")["weights"], PART["weights"])


def test_it_is_written_now_and_then_only(path, monkeypatch):
    monkeypatch.setattr(module, "EVERY", 3600.0)
    state = Unfinished(path, "key")
    state.put("training", PART)
    assert not path.exists()
    monkeypatch.setattr(module, "EVERY", 0.0)
    state.put("other", PART)
    assert {name.split("/")[0] for name in read_safetensors(path)[0]} == {"training", "other"}


def test_what_nobody_went_on_with_for_a_week_is_removed(path):
    Unfinished(path, "key").put("training", PART)
    other = place(path.parent, "another expert")
    other.write_bytes(b"new")
    os.utime(path, (0, 0))
    Unfinished(other, "key")
    assert not path.exists()


def test_places_and_keys_tell_apart_what_differs(tmp_path):
    assert place(tmp_path, "a") != place(tmp_path, "b")
    assert place(tmp_path, "../a").parent == tmp_path
    about = {"start": "x", "settings": {"seed": 0}, "images": ["0", "1"]}
    keys = {
        key_of(**(about | change))
        for change in ({}, {"start": "y"}, {"settings": {"seed": 1}}, {"images": ["1", "0"]})
    }
    assert len(keys) == 4
    assert key_of(**about) == key_of(**dict(reversed(about.items())))
