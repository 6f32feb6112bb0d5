"""References to the model hub, from a cache folder laid out as the hub's client lays it out."""

import json
import shutil
import socket
import time

import pytest
import timm
import torch
from huggingface_hub import constants
from safetensors.torch import save_file

import task2vec_probes.hub
from task2vec.errors import InputError, UnknownNameError, WeightsError
from task2vec.probe.registry import find_card, load_probe

COMMIT, OLDER = "a" * 40, "0123456789abcdef" * 2 + "01234567"
NAME = "resnet18.tv_in1k"


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty cache of the hub's client, which may not use the network."""
    monkeypatch.setattr(task2vec_probes.hub, "_away", {})
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path


@pytest.fixture
def cached(hub, resnet):
    """A ResNet-18 in two commits: random weights in the newer, changed ones in the older."""
    state, path = resnet
    repository = hub / f"models--timm--{NAME}"
    for commit in (COMMIT, OLDER):
        (repository / "snapshots" / commit).mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    shutil.copy(path, repository / "snapshots" / COMMIT / "model.safetensors")
    older = {name: tensor.clone() for name, tensor in state.items()}
    older["conv1.weight"] *= 2
    save_file(older, repository / "snapshots" / OLDER / "model.safetensors")
    return repository


def test_a_loaded_probe_is_pinned_to_its_commit(cached, resnet):
    probe = load_probe(f"timm:{NAME}?input_size=32")
    assert probe.card.weights == f"timm:{NAME}@{COMMIT}"
    assert probe.card.architecture == "resnet18"
    assert torch.equal(probe.backbone.conv1.weight, resnet[0]["conv1.weight"])


def test_a_pinned_reference_gets_its_commit(cached, resnet):
    older = load_probe(f"timm:{NAME}@{OLDER}?input_size=32")
    assert older.card.weights == f"timm:{NAME}@{OLDER}"
    assert torch.equal(older.backbone.conv1.weight, 2 * resnet[0]["conv1.weight"])
    newer = load_probe(f"timm:{NAME}@{COMMIT}?input_size=32")
    assert newer.fingerprint == load_probe(f"timm:{NAME}?input_size=32").fingerprint
    assert newer.fingerprint != older.fingerprint


def test_the_shipped_card_gets_the_same_weights(cached):
    probe = load_probe("resnet18")
    assert probe.card.weights == f"timm:{NAME}@{COMMIT}"
    assert probe.fingerprint == load_probe(f"timm:{NAME}?input_size=128").fingerprint


def test_a_card_states_what_timm_knows(hub):
    card = find_card(f"timm:{NAME}")
    config = timm.get_pretrained_cfg(NAME)
    assert card.preprocessing.mean == config.mean
    assert card.preprocessing.interpolation == config.interpolation
    assert card.licence == config.license


def test_an_untagged_name_means_timms_default(hub, cached):
    default = timm.get_pretrained_cfg("resnet18").tag
    cached.rename(hub / f"models--timm--resnet18.{default}")
    assert load_probe("timm:resnet18?input_size=32").card.weights == f"timm:resnet18@{COMMIT}"


@pytest.mark.parametrize("scheme", [f"timm:{NAME}", f"hf-hub:timm/{NAME}"])
@pytest.mark.parametrize("revision", ["main", "v1.0", "abc123", "A" * 40])
def test_a_revision_that_can_move_is_refused(hub, scheme, revision):
    with pytest.raises(InputError, match="40 hexadecimal digits"):
        find_card(f"{scheme}@{revision}")


@pytest.mark.parametrize("name", ["resnet19", "resnet18.nonsense", "coatnet_0_224"])
def test_a_name_that_timm_does_not_have(hub, name):
    with pytest.raises(UnknownNameError):
        find_card(f"timm:{name}")


@pytest.mark.parametrize(
    "reference",
    [f"timm:{NAME}", f"timm:{NAME}@{OLDER}", "resnet34", f"hf-hub:timm/{NAME}"],
)
def test_without_network_and_cache_it_says_what_to_do_at_once(hub, reference):
    start = time.monotonic()
    with pytest.raises(WeightsError, match="cannot be downloaded") as raised:
        load_probe(reference)
    assert time.monotonic() - start < 3
    assert "packaged probe" in raised.value.remedy


def test_a_hub_that_does_not_answer(hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    # The client waits between its five tries.
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    # Nothing listens on the discard port.
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}",
    )
    with pytest.raises(WeightsError, match="cannot be downloaded"):
        load_probe(f"timm:{NAME}")


def test_a_cached_file_that_is_no_safetensors(cached):
    (cached / "snapshots" / COMMIT / "model.safetensors").write_bytes(b"<html>not here</html>")
    with pytest.raises(WeightsError, match="expected a safetensors file"):
        load_probe(f"timm:{NAME}")


@pytest.mark.parametrize("name", ["a b", "", "a/b/c", "../x"])
def test_a_repository_name_that_cannot_be(hub, name):
    with pytest.raises(WeightsError, match="cannot be downloaded"):
        find_card(f"hf-hub:{name}")


CONFIG = {
    "architecture": "resnet18",
    "pretrained_cfg": {
        "input_size": [3, 40, 40],
        "mean": [0, 0, 0],
        "std": [1, 1, 1],
        "interpolation": "bilinear",
        "license": "mit",
    },
}


@pytest.fixture
def configured(cached):
    """A file config.json for the cached repository."""

    def write(config):
        text = config if isinstance(config, str) else json.dumps(config)
        (cached / "snapshots" / COMMIT / "config.json").write_text(text)

    return write


def test_a_repository_of_the_hub(configured):
    configured(CONFIG)
    probe = load_probe(f"hf-hub:timm/{NAME}")
    assert probe.card.weights == f"hf-hub:timm/{NAME}@{COMMIT}"
    assert probe.card.architecture == "resnet18"
    assert probe.card.licence == "mit"
    assert probe.card.preprocessing.input_size == 40
    assert probe.card.preprocessing.std == (1, 1, 1)


@pytest.mark.parametrize(
    "config", ["{", "[]", {}, {**CONFIG, "pretrained_cfg": {}}, {"pretrained_cfg": {}}]
)
def test_a_repository_that_is_not_timms(configured, config):
    configured(config)
    with pytest.raises(WeightsError, match="is no timm model"):
        find_card(f"hf-hub:timm/{NAME}")


def test_a_hub_that_never_answers_is_asked_once(hub, monkeypatch, capfd, caplog):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(constants, "ENDPOINT", address)
        template = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        start = time.monotonic()
        with pytest.raises(WeightsError, match="cannot be downloaded") as raised:
            find_card("hf-hub:nobody/nothing")
        assert time.monotonic() - start < 8
        assert "packaged probe" in raised.value.remedy
        # Who asks next does not wait again, whatever the question.
        start = time.monotonic()
        for reference in ("hf-hub:nobody/nothing", f"timm:{NAME}"):
            with pytest.raises(WeightsError, match="cannot be downloaded"):
                load_probe(reference)
        assert time.monotonic() - start < 2
    # The client's own words stay off the terminal.
    assert capfd.readouterr() == ("", "")
    assert not caplog.records
