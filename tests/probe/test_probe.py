from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from task2vec.probe.card import Preprocessing
from task2vec.probe.probe import Probe


@pytest.fixture
def pixels():
    return np.random.default_rng(1).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


def test_normalises(tiny_probe, pixels):
    found = tiny_probe.to_input(list(pixels))
    assert found.shape == (5, 3, 16, 16)
    assert found.dtype == torch.float32
    assert found.is_contiguous(memory_format=torch.channels_last)
    for channel, (mean, std) in enumerate(zip((0.5, 0.4, 0.3), (0.2, 0.3, 0.4), strict=True)):
        expected = (pixels[:, :, :, channel] / 255 - mean) / std
        np.testing.assert_allclose(found[:, channel], expected, rtol=1e-5, atol=1e-6)


def test_does_not_change_the_pixels(tiny_probe, pixels):
    before = pixels.copy()
    tiny_probe.to_input(list(pixels))
    assert np.array_equal(pixels, before)


def test_squashes_the_whole_image(tiny_probe):
    # Left red, right blue, a white frame: a crop or a margin would lose some of them.
    image = Image.new("RGB", (200, 40), "white")
    image.paste("red", (10, 2, 100, 38))
    image.paste("blue", (100, 2, 190, 38))
    found = tiny_probe.preprocess(image)
    assert found.shape == (16, 16, 3)
    assert found.dtype == np.uint8
    assert (found[:, 3:7] == found[8, 5]).all(axis=2).sum() >= 14 * 4
    np.testing.assert_allclose(found[8, 4].astype(int), [255, 0, 0], atol=8)
    np.testing.assert_allclose(found[8, 12].astype(int), [0, 0, 255], atol=8)
    assert (found[8, [0, 15]].min(axis=1) > 100).all()


@pytest.mark.parametrize(
    ("name", "resampling"),
    [("bicubic", Image.Resampling.BICUBIC), ("bilinear", Image.Resampling.BILINEAR)],
)
def test_interpolates_as_the_card_says(tiny_probe, name, resampling):
    steps = replace(tiny_probe.card.preprocessing, interpolation=name)
    probe = Probe(replace(tiny_probe.card, preprocessing=steps), nn.Conv2d(3, 1, 1))
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (9, 23, 3), dtype=np.uint8))
    assert np.array_equal(probe.preprocess(image), np.asarray(image.resize((16, 16), resampling)))


def test_shrinks_large_images_nearly_as_in_one_step(tiny_probe):
    y, x = np.mgrid[:800, :1200]
    waves = np.stack([np.sin(x / 90), np.cos(y / 70), np.sin((x + y) / 110)], axis=2)
    image = Image.fromarray(np.uint8(127.5 + 127 * waves))
    expected = np.asarray(image.resize((16, 16), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(tiny_probe.preprocess(image) - expected).max() <= 3


def test_features(tiny_probe, pixels):
    found = tiny_probe.features(list(pixels))
    assert found.shape == (5, 40)
    x = tiny_probe.to_input(list(pixels))
    for layer in tiny_probe.backbone:
        x = layer(x)
    torch.testing.assert_close(found, x)


def test_is_frozen_when_it_is_made(tiny_probe):
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(0.5), nn.Flatten())
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    probe = Probe(tiny_probe.card, network.train())
    assert not any(module.training for module in probe.backbone.modules())
    assert not any(parameter.requires_grad for parameter in probe.backbone.parameters())
    pixels = [np.full((16, 16, 3), value, dtype=np.uint8) for value in (0, 90, 255)]
    assert torch.equal(probe.features(pixels), probe.features(pixels))
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_fingerprint_is_of_weights_and_preprocessing(tiny_probe):
    torch.manual_seed(0)
    network = nn.Conv2d(3, 4, 1)
    probe = Probe(tiny_probe.card, network)
    assert len(probe.fingerprint) == 64
    assert Probe(tiny_probe.card, network).fingerprint == probe.fingerprint
    assert Probe(replace(tiny_probe.card, name="other"), network).fingerprint == probe.fingerprint
    steps = Preprocessing(16, (0.5, 0.4, 0.3), (0.2, 0.3, 0.5))
    card = replace(tiny_probe.card, preprocessing=steps)
    assert Probe(card, network).fingerprint != probe.fingerprint
    with torch.no_grad():
        network.bias[0] += 1e-6
    assert Probe(tiny_probe.card, network).fingerprint != probe.fingerprint


def test_name_and_place(tiny_probe):
    assert tiny_probe.name == "tiny"
    assert tiny_probe.device == torch.device("cpu")
