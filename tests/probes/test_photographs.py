"""The packaged weights, by what they see: no hash says that a network is put together rightly."""

from pathlib import Path

import pytest
import skimage
import timm
import torch
from PIL import Image
from timm.data import ImageNetInfo

from task2vec.probe.probe import Probe
from task2vec.probe.registry import find_card, load_probe
from task2vec_probes.packaged import packaged_state

CATS = {"Egyptian cat", "tiger cat", "tabby"}
# What may come first, or among the first five.
FIRST = {
    "chelsea.png": CATS,
    "coffee.png": {"espresso"},
    "camera.png": {"tripod"},
    "motorcycle_left.png": {"moped", "motor scooter"},
}
AMONG_FIVE = {"rocket.jpg": {"missile", "projectile", "space shuttle"}}

PHOTOGRAPHS = Path(skimage.__file__).parent / "data"


def photograph(name):
    return Image.open(PHOTOGRAPHS / name).convert("RGB")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("efficientnet_lite0", 224),
        ("efficientnet_lite0", 128),
        ("efficientnet_lite1", 240),
        ("efficientnet_lite2", 260),
    ],
)
def test_photographs_are_recognised(name, size):
    card = find_card(name).at(size)
    network = timm.create_model(card.architecture)
    network.load_state_dict(packaged_state(card))
    probe = Probe(card, network)
    info = ImageNetInfo()
    for file, expected in {**FIRST, **AMONG_FIVE}.items():
        logits = probe.features([probe.preprocess(photograph(file))])[0]
        count = 1 if file in FIRST else 5
        found = {
            info.index_to_description(int(index)).split(",")[0]
            for index in logits.topk(count).indices
        }
        assert found & expected, (file, found)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"])
def test_probes_are_these_networks_without_their_classifier(name):
    probe = load_probe(name)
    card = find_card(name)
    whole = timm.create_model(card.architecture)
    whole.load_state_dict(packaged_state(card))
    assert sum(parameter.numel() for parameter in whole.parameters()) == card.parameters
    pixels = [probe.preprocess(photograph("coffee.png"))]
    found = probe.features(pixels)
    assert found.shape == (1, 1280)
    logits = Probe(card, whole).features(pixels)
    with torch.inference_mode():
        torch.testing.assert_close(whole.get_classifier()(found), logits)
