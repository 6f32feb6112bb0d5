import json
import shutil

import pytest
import timm
import torch
from safetensors.torch import save_file

from task2vec.errors import InputError, SettingError, UnknownNameError, WeightsError
from task2vec.probe.card import Preprocessing
from task2vec.probe.registry import find_card, load_card, load_probe

PIXELS = 32


def test_loads_what_timm_saved(resnet):
    state, path = resnet
    probe = load_probe(f"file:{path}?arch=resnet18&input_size={PIXELS}")
    assert probe.name == "some weights"
    assert probe.card.preprocessing.input_size == PIXELS
    assert probe.card.preprocessing.mean == (0.485, 0.456, 0.406)
    whole = timm.create_model("resnet18", num_classes=7)
    whole.load_state_dict(state)
    x = torch.randn(2, 3, PIXELS, PIXELS, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = whole.eval().fc(probe.backbone(x))
        torch.testing.assert_close(found, whole(x))


def test_a_tag_chooses_the_preprocessing(resnet):
    _, path = resnet
    card = find_card(f"file:{path}?arch=resnet18.fb_swsl_ig1b_ft_in1k")
    assert card.preprocessing.interpolation == "bilinear"
    assert card.preprocessing.input_size == 224
    load_card(card)


def test_the_fingerprint_is_of_the_numbers_and_not_of_the_file(resnet, tmp_path):
    state, path = resnet
    option = f"?arch=resnet18&input_size={PIXELS}"
    copy = shutil.copy(path, tmp_path / "copy.safetensors")
    changed = {name: tensor.clone() for name, tensor in state.items()}
    changed["conv1.weight"][0, 0, 0, 0] += 1
    save_file(changed, tmp_path / "changed.safetensors")
    first, same, other = (
        load_probe(f"file:{file}{option}").fingerprint
        for file in (path, copy, tmp_path / "changed.safetensors")
    )
    assert first == same != other


def test_relative_paths_and_homes(resnet, monkeypatch):
    _, path = resnet
    monkeypatch.chdir(path.parent)
    monkeypatch.setenv("HOME", str(path.parent))
    for location in (path.name, f"./{path.name}", f"~/{path.name}"):
        assert find_card(f"file:{location}?arch=resnet18").weights == f"file:{path}"


@pytest.mark.parametrize(
    "query", ["", "?", "?arch=", "?arch=resnet18&seed=1", "?arch=resnet18&input_size=big"]
)
def test_says_what_a_reference_needs(resnet, query):
    _, path = resnet
    with pytest.raises(InputError, match=r"expected file:PATH\?arch=NAME"):
        find_card(f"file:{path}{query}")


@pytest.mark.parametrize(
    ("arch", "error", "problem"),
    [
        *((name, UnknownNameError, "no such architecture") for name in ("resnet19", "resnet[1")),
        ("resnet18.nonsense", UnknownNameError, r"one of a1_in1k, .*, got nonsense"),
        ("resnet34", WeightsError, r"layer1\.2\.conv1\.weight is missing"),
    ],
)
def test_another_architecture(resnet, arch, error, problem):
    _, path = resnet
    with pytest.raises(error, match=problem):
        load_probe(f"file:{path}?arch={arch}")


def test_weights_of_another_shape(resnet, tmp_path):
    state, _ = resnet
    changed = {**state, "layer1.0.bn1.bias": torch.zeros(63)}
    save_file(changed, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"bn1\.bias is \(63,\) instead of \(64,\)"):
        load_probe(f"file:{tmp_path}/w.safetensors?arch=resnet18")


@pytest.mark.parametrize("location", ["/no/such/file", "", "/", "\0", "~no-such-user/x", "x" * 300])
def test_a_file_that_is_not_there(location):
    with pytest.raises(WeightsError, match="not there"):
        find_card(f"file:{location}?arch=resnet18")


def test_a_pickle_is_refused(resnet, tmp_path):
    state, _ = resnet
    torch.save(state, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match="expected a safetensors file"):
        load_probe(f"file:{tmp_path}/w.safetensors?arch=resnet18")


def test_a_size_that_the_architecture_cannot_look_at(tmp_path):
    network = timm.create_model("test_vit", num_classes=0)
    save_file(network.state_dict(), tmp_path / "w.safetensors")
    size = network.patch_embed.img_size[0]
    assert load_probe(f"file:{tmp_path}/w.safetensors?arch=test_vit&input_size={size}")
    with pytest.raises(SettingError, match=f"test_vit cannot be a probe at {size + 1} pixels"):
        load_probe(f"file:{tmp_path}/w.safetensors?arch=test_vit&input_size={size + 1}")


EXPERT = {
    "name": "expert",
    "architecture": "resnet18",
    "licence": "MIT",
    "preprocessing": {
        "input_size": 40,
        "mean": [0.1, 0.2, 0.3],
        "std": [1, 2, 3],
        "interpolation": "bilinear",
    },
}


def expert(tmp_path, state, stated):
    path = tmp_path / "file.safetensors"
    save_file(state, path, metadata={"task2vec": stated})
    return f"file:{path}"


def test_an_expert_states_how_to_use_it(resnet, tmp_path):
    reference = expert(tmp_path, resnet[0], json.dumps(EXPERT))
    card = load_probe(reference).card
    assert (card.name, card.architecture, card.licence) == ("expert", "resnet18", "MIT")
    assert card.preprocessing == Preprocessing(40, (0.1, 0.2, 0.3), (1, 2, 3), "bilinear")
    assert find_card(f"{reference}?input_size=64").preprocessing == Preprocessing(
        64, (0.1, 0.2, 0.3), (1, 2, 3), "bilinear"
    )


@pytest.mark.parametrize(
    "stated",
    [
        "{",
        "7",
        '["name"]',
        json.dumps({**EXPERT, "preprocessing": {"input_size": 40}}),
        json.dumps({**EXPERT, "preprocessing": [1]}),
        json.dumps({**EXPERT, "preprocessing": {**EXPERT["preprocessing"], "std": [0, 1, 1]}}),
    ],
)
def test_an_expert_that_states_nonsense(resnet, tmp_path, stated):
    reference = expert(tmp_path, {"x": torch.zeros(1)}, stated)
    with pytest.raises(WeightsError, match=r"file\.safetensors states of itself"):
        find_card(reference)
