"""Whether images share a pass is decided by squares that do not vanish."""

import pytest
import torch
import torch.nn.functional as F
from fisher_cases import exact_by
from oracles import fisher_by_definition
from torch import nn

from task2vec.fisher.per_image import PerImageFisher

SEEDS = range(3)
TYPES = [torch.float32, torch.float64]


class Windows(nn.Module):
    """Cuts an image into four windows, for one linear layer."""

    def __init__(self, channels):
        super().__init__()
        self.layer = nn.Linear(channels, channels)
        self.channels = channels

    def forward(self, x):
        windows = x.unflatten(2, (2, -1)).unflatten(4, (2, -1)).permute(0, 2, 4, 3, 5, 1)
        found = self.layer(self.arranged(windows.reshape(4 * len(x), -1, self.channels)))
        return self.back(found).reshape(len(x), -1, self.channels).mean(1)

    def arranged(self, windows):
        return windows

    def back(self, windows):
        return windows


class Interleaved(Windows):
    """Holds the first windows of all images first."""

    def arranged(self, windows):
        return windows.unflatten(0, (-1, 4)).transpose(0, 1).flatten(0, 1)

    def back(self, windows):
        return windows.unflatten(0, (4, -1)).transpose(0, 1).flatten(0, 1)


class Faint(nn.Module):
    """Adds little of what a layer gives, as a layer scale does."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return x.mean((2, 3)) + 1e-3 * self.layer(x)


def behind_a_layer_norm(middle, *, seed, dtype, channels=4):
    torch.manual_seed(seed)
    first = nn.Conv2d(3, channels, 3, stride=2, padding=1)
    return nn.Sequential(first, nn.Tanh(), middle, nn.LayerNorm(channels)).to(dtype).eval()


def check(network, *, apart, seed, dtype):
    """Compare with the definition, and with how the images were passed."""
    torch.manual_seed(seed)
    images = torch.randn(3, 3, 8, 8, dtype=dtype)
    weight = torch.randn(3, network(images).flatten(1).shape[1], dtype=dtype)

    def head(features):
        return F.linear(features.flatten(1), weight)

    per_image = PerImageFisher(network)
    found = exact_by(per_image, head, images)
    expected = fisher_by_definition(network, head, images)
    assert (expected.amax(1) > 0).all()
    for layer in per_image.layers:
        some = expected[:, layer.elements]
        tolerance = 1e-4 if dtype is torch.float32 else 1e-10
        gap = (found[:, layer.elements] - some).abs().max()
        assert gap <= tolerance * some.max(), layer.name
    assert per_image.image_by_image != apart


ARRANGED = pytest.mark.parametrize(("kind", "apart"), [(Windows, True), (Interleaved, False)])


@ARRANGED
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channels", [3, 8])
def test_windows_share_a_pass_where_they_lie_in_the_order_of_the_images(
    kind, apart, seed, dtype, channels
):
    network = behind_a_layer_norm(kind(channels), seed=seed, dtype=dtype, channels=channels)
    check(network, apart=apart, seed=seed, dtype=dtype)


@ARRANGED
@pytest.mark.parametrize("dtype", TYPES)
def test_a_layer_of_small_squares_is_looked_at_by_itself(kind, apart, dtype):
    network = behind_a_layer_norm(Faint(kind(4)), seed=3, dtype=dtype)
    check(network, apart=apart, seed=3, dtype=dtype)


class Constant(nn.Module):
    """The sum behind a layer norm, which is 0 whatever the image: all squares are rounding."""

    def forward(self, x):
        return x.sum(1, keepdim=True)


class Dead(nn.Module):
    def forward(self, x):
        return (x - 1e3).relu()


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("last", [Constant, Dead])
@pytest.mark.parametrize("kind", [Windows, Interleaved])
def test_where_rounding_alone_is_left_images_go_one_by_one(kind, last, dtype):
    network = behind_a_layer_norm(kind(4), seed=0, dtype=dtype).append(last()).eval()
    images = torch.randn(3, 3, 8, 8, dtype=dtype)
    per_image = PerImageFisher(network)
    per_image.prepare(images)
    assert per_image.image_by_image


def test_a_layer_that_the_features_do_not_depend_on_takes_nothing_away():
    class Aside(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.unused = Windows(4), nn.Conv2d(4, 2, 1)

        def forward(self, x):
            self.unused(x)
            return self.layer(x)

    network = behind_a_layer_norm(Aside(), seed=0, dtype=torch.float32)
    check(network, apart=True, seed=0, dtype=torch.float32)
