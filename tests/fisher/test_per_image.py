"""Per-image squared gradients against autograd on the weights, convolution by convolution."""

from copy import deepcopy

import pytest
import timm
import torch
import torch.nn.functional as F
from fisher_cases import close, exact, seen_by
from oracles import fisher_by_definition
from torch import nn

from task2vec.errors import SettingError
from task2vec.fisher.layers import dense
from task2vec.fisher.per_image import PerImageFisher

CONVOLUTIONS = {
    "dense": {"kernel_size": 3, "padding": 1},
    "no padding": {"kernel_size": 3},
    "bias": {"kernel_size": 3, "padding": 1, "bias": True},
    "stride 2": {"kernel_size": 3, "padding": 1, "stride": 2},
    "unequal strides": {"kernel_size": 3, "padding": 1, "stride": (1, 3)},
    "unequal paddings": {"kernel_size": 3, "padding": (2, 0)},
    "dilation": {"kernel_size": 3, "padding": 2, "dilation": 2},
    "unequal dilations": {"kernel_size": 3, "padding": 3, "dilation": (3, 1), "stride": (2, 1)},
    "same": {"kernel_size": 3, "padding": "same"},
    "same, even kernel": {"kernel_size": 4, "padding": "same"},
    "same, even kernel, dilated": {"kernel_size": (2, 4), "padding": "same", "dilation": (1, 3)},
    "valid": {"kernel_size": 3, "padding": "valid"},
    "circular": {"kernel_size": 3, "padding": 1, "padding_mode": "circular"},
    "reflected": {"kernel_size": 3, "padding": 2, "padding_mode": "reflect"},
    "reflected, even same": {"kernel_size": 4, "padding": "same", "padding_mode": "reflect"},
    "one row": {"kernel_size": (1, 5), "padding": (0, 2)},
    "one column": {"kernel_size": (5, 1), "stride": 2},
    "groups": {"kernel_size": 3, "padding": 1, "groups": 2},
    "groups, stride, dilation": {"kernel_size": 3, "groups": 2, "stride": 2, "dilation": 2},
    "depthwise": {"kernel_size": 3, "padding": 1, "groups": 4, "out_channels": 4},
    "depthwise, multiplied": {"kernel_size": 3, "padding": 1, "groups": 4, "out_channels": 12},
    "depthwise, unequal": {"kernel_size": (3, 2), "groups": 4, "out_channels": 4},
    "depthwise, stride and dilation": {
        "kernel_size": (3, 2),
        "stride": (2, 3),
        "dilation": (1, 2),
        "padding": 1,
        "groups": 4,
        "out_channels": 8,
    },
    "pointwise": {"kernel_size": 1},
    "pointwise, stride": {"kernel_size": 1, "stride": (2, 3)},
    "pointwise, padded": {"kernel_size": 1, "padding": 1, "bias": True},
    "pointwise, groups": {"kernel_size": 1, "groups": 2},
    "pointwise, each channel alone": {"kernel_size": 1, "groups": 4, "out_channels": 8},
    # Few output positions and many weights: the Gram matrix is the smaller work.
    "dense by Gram matrix": {"kernel_size": 3, "stride": 4},
    "groups by Gram matrix": {"kernel_size": 5, "stride": 5, "groups": 2, "out_channels": 16},
}


pytestmark = pytest.mark.filterwarnings(
    "ignore:Using padding='same' with even kernel lengths:UserWarning"
)


@pytest.fixture(params=CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def surroundings(request):
    torch.manual_seed(3)
    options = {"out_channels": 6, "bias": False, **request.param}
    return seen_by(nn.Conv2d(4, **options, dtype=torch.float64))


def test_convolution(surroundings):
    close(exact(*surroundings), fisher_by_definition(*surroundings))


def test_unfolding_in_chunks(surroundings, monkeypatch):
    # One byte allows one image at a time.
    monkeypatch.setattr(dense, "_UNFOLD_BYTES", 1)
    close(exact(*surroundings), fisher_by_definition(*surroundings))


TRANSPOSED = {
    "plain": {"kernel_size": 3},
    "bias": {"kernel_size": 2, "bias": True},
    "stride": {"kernel_size": 3, "stride": (2, 3)},
    "padding": {"kernel_size": 3, "padding": (1, 2)},
    "output padding": {"kernel_size": 3, "stride": 2, "output_padding": (1, 0)},
    "more output padding than padding": {
        "kernel_size": 2,
        "stride": 3,
        "padding": 1,
        "output_padding": 2,
    },
    "dilation": {"kernel_size": (3, 2), "dilation": (2, 3)},
    "groups": {"kernel_size": 3, "groups": 2, "stride": 2, "padding": 1},
    "each channel alone": {"kernel_size": 3, "groups": 4, "out_channels": 8},
    "pointwise": {"kernel_size": 1, "stride": 2},
    "few positions": {"kernel_size": 5, "out_channels": 12},
}


@pytest.mark.parametrize("options", TRANSPOSED.values(), ids=TRANSPOSED)
def test_transposed_convolution(options):
    torch.manual_seed(3)
    options = {"out_channels": 6, "bias": False, **options}
    given = seen_by(nn.ConvTranspose2d(4, **options).double(), size=5)
    close(exact(*given), fisher_by_definition(*given))


def test_one_input_channel():
    close(*both(seen_by(nn.Sequential(nn.Conv2d(4, 1, 1), nn.Tanh(), nn.Conv2d(1, 5, 3)).double())))


def test_residual_with_in_place_activations():
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(4, 4, 3, padding=1)
            self.second = nn.Conv2d(4, 4, 1)

        def forward(self, x):
            y = self.second(F.silu(self.first(x), inplace=True))
            y += x
            return y.relu_()

    close(*both(seen_by(Block().double())))


def test_real_network_on_odd_pixels():
    # TensorFlow's padding depends on the input size: 33 pixels pad unevenly at every stride.
    torch.manual_seed(2)
    network = timm.create_model("tf_efficientnet_lite0", num_classes=0).double().eval()
    images = torch.randn(1, 3, 33, 33, dtype=torch.float64)
    weight = torch.randn(3, 1280, dtype=torch.float64) / 30
    found, expected = both((network, lambda features: F.linear(features, weight), images))
    assert found.shape == (1, 21_008)
    close(found, expected)


def both(given):
    return exact(*given), fisher_by_definition(*given)


@pytest.fixture
def normalised():
    """A network with batch norm, its head and images."""
    torch.manual_seed(11)
    network = nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6), nn.ReLU(inplace=True)).double()
    network[1].running_mean += 0.1
    network[1].running_var *= 1.7
    return seen_by(network)


def test_images_do_not_meet(normalised):
    network, head, images = normalised
    together = exact(*normalised)
    alone = torch.cat([exact(network, head, image[None]) for image in images])
    torch.testing.assert_close(together, alone, rtol=1e-12, atol=0)


def test_network_is_left_as_it_was(normalised):
    network, head, images = normalised
    before = deepcopy(network.state_dict())
    exact(network, head, images)
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(parameter.grad is None for parameter in network.parameters())
    assert images.grad is None


def test_frozen_and_trainable_weights_agree(normalised):
    network, head, images = normalised
    free = exact(network, head, images)
    assert torch.equal(exact(network.requires_grad_(False), head, images), free)


def test_squares_add_up_over_cotangents(normalised):
    network, head, images = normalised
    sent = torch.randn(4, 3, 3, dtype=torch.float64)
    together = PerImageFisher(network)(images, head, lambda logits: sent)
    apart = [PerImageFisher(network)(images, head, lambda logits, c=c: c[None]) for c in sent]
    torch.testing.assert_close(together, sum(apart), rtol=1e-12, atol=0)


@pytest.mark.parametrize("part", [0, 2])
def test_refuses_training_mode(normalised, part):
    network, _, _ = normalised
    network[part].train()
    with pytest.raises(SettingError, match="evaluation mode"):
        PerImageFisher(network)


def test_refuses_a_network_without_layers():
    with pytest.raises(SettingError, match="convolutions or linear layers"):
        PerImageFisher(nn.Sequential(nn.Flatten(), nn.ReLU()).eval())


def test_refuses_batch_norm_without_statistics():
    network, head, images = seen_by(
        nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4, track_running_stats=False)).double()
    )
    with pytest.raises(SettingError, match="mixes the images"):
        exact(network, head, images)
