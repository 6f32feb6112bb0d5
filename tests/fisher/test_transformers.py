"""Networks of timm whose layers are linear, in whole or in part."""

import pytest
import timm
import torch
import torch.nn.functional as F
from fisher_cases import close, exact_by
from oracles import fisher_by_definition

from task2vec.fisher.per_image import PerImageFisher

SMALL = {
    "vit_tiny_patch16_224": {
        "img_size": 32,
        "patch_size": 8,
        "embed_dim": 24,
        "depth": 2,
        "num_heads": 2,
    },
    "convnext_atto": {"dims": (8, 12, 16, 20), "depths": (1, 1, 2, 1)},
    "swin_tiny_patch4_window7_224": {
        "img_size": 32,
        "window_size": 4,
        "embed_dim": 12,
        "depths": (2, 2),
        "num_heads": (2, 4),
    },
    # A network of its own computes the position bias from coordinates, not from images.
    "swinv2_tiny_window8_256": {
        "img_size": 32,
        "window_size": 4,
        "embed_dim": 12,
        "depths": (2, 2),
        "num_heads": (2, 4),
    },
    "resnext50_32x4d": {"layers": (1, 1, 1, 1), "cardinality": 4, "base_width": 4},
}
SLOW = {"swinv2_tiny_window8_256"}


@pytest.mark.parametrize("name", SMALL)
def test_network(name):
    torch.manual_seed(2)
    network = timm.create_model(name, num_classes=0, **SMALL[name]).double().eval()
    for parameter in network.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.2)
    images = torch.randn(3, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        features = network(images)
    # A head that is sure of its labels has no Fisher information to compare.
    width = features.shape[1]
    weight = torch.randn(3, width, dtype=torch.float64) / (width**0.5 * features.std())

    def head(features):
        return F.linear(features, weight)

    per_image = PerImageFisher(network)
    close(exact_by(per_image, head, images), fisher_by_definition(network, head, images))
    assert bool(per_image.slow_layers) == (name in SLOW)
    assert per_image.image_by_image == (name in SLOW)


def test_units_of_a_vision_transformer():
    network = timm.create_model("vit_tiny_patch16_224", num_classes=0, depth=1).eval()
    layers = {layer.name: layer.elements for layer in PerImageFisher(network).layers}
    assert {name: s.stop - s.start for name, s in layers.items()} == {
        "patch_embed.proj": 192,
        "blocks.0.attn.qkv": 3 * 192,
        "blocks.0.attn.proj": 192,
        "blocks.0.mlp.fc1": 4 * 192,
        "blocks.0.mlp.fc2": 192,
    }
