"""Layers that no fast path knows: autograd differentiates them, and they are named."""

import pytest
import torch
import torch.nn.functional as F
from fisher_cases import close, exact, exact_by, seen_by
from oracles import fisher_by_definition
from torch import nn

from task2vec.errors import SettingError
from task2vec.fisher.per_image import PerImageFisher


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        return self.layer(self.layer(x).tanh())


class Shared(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(4, 4, 1), nn.Tanh(), nn.Conv2d(4, 4, 1))
        self[2].weight = self[0].weight


class Standardised(nn.Conv2d):
    def __init__(self):
        super().__init__(4, 5, 3)

    def forward(self, x):
        return F.conv2d(x, self.weight / self.weight.norm(), self.bias)


class Used(nn.Module):
    """A layer that a network uses in a way of its own."""

    def __init__(self, layer, use):
        super().__init__()
        self.layer, self.use = layer, use

    def forward(self, x):
        return self.use(self.layer, x)


def folded(layer, x):
    """Run a convolution on parts of an image as if they were images."""
    return layer(x.reshape(-1, 2, *x.shape[2:])).reshape(len(x), -1)


def interleaved(layer, x):
    """Hold the positions outside and the images inside, so that no image lies together."""
    tokens = x.flatten(2).permute(2, 0, 1).reshape(-1, 4)
    return layer(tokens).reshape(-1, len(x), 5).transpose(0, 1)


def flat(layer, x):
    return layer(x.flatten(2))


SLOW = {
    "twice": Twice,
    "shared": Shared,
    "standardised": Standardised,
    "penalised": lambda: Used(
        nn.Conv2d(4, 5, 3), lambda layer, x: layer(x) * layer.weight.square().sum()
    ),
    "multiplied": lambda: Used(nn.Linear(8, 5), lambda layer, x: x @ layer.weight.T),
    "rows": lambda: Used(nn.Conv1d(4, 6, 3, stride=2, padding=1), flat),
    "transposed rows": lambda: Used(nn.ConvTranspose1d(4, 6, 3, groups=2), flat),
    "folded": lambda: Used(nn.Conv2d(2, 3, 3), folded),
}


@pytest.mark.parametrize("kind", SLOW.values(), ids=SLOW)
def test_slow_layer(kind):
    torch.manual_seed(4)
    network, head, images = seen_by(kind().double())
    per_image = PerImageFisher(network)
    found = exact_by(per_image, head, images)
    close(found, fisher_by_definition(network, head, images))
    assert len(per_image.slow_layers) == 1
    assert per_image.slow_layers[0].startswith("2")


def test_images_that_do_not_lie_together_go_one_by_one():
    torch.manual_seed(4)
    network, head, images = seen_by(Used(nn.Linear(4, 5), interleaved).double())
    per_image = PerImageFisher(network)
    found = exact_by(per_image, head, images)
    close(found, fisher_by_definition(network, head, images))
    assert per_image.image_by_image
    assert per_image.slow_layers == ()


def test_frozen_slow_layers_are_frozen_again_after_a_failure():
    network, _, images = seen_by(Twice().double())
    network.requires_grad_(False)

    def fail(features):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        PerImageFisher(network)(images, fail, lambda logits: logits[None])
    assert not any(p.requires_grad for p in network.parameters())


def test_slow_layers_do_not_turn_to_other_passes():
    # Each image is counted once for each of its cotangents, here too.
    network, head, images = seen_by(Twice().double())
    passed = []
    sent = torch.randn(2, 3, 3, dtype=torch.float64)
    PerImageFisher(network)(images, head, lambda logits: sent, passed=passed.append)
    assert passed == [1] * 6


def test_a_layer_that_is_not_used_has_no_information():
    class Idle(nn.Sequential):
        def forward(self, x):
            return self[0](x)

    given = seen_by(Idle(nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)).double())
    found = exact(*given)
    close(found, fisher_by_definition(*given))
    assert (found[:, -4:] == 0).all()


def test_a_computed_weight_is_refused():
    layer = torch.nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1).double())
    network, _, _ = seen_by(layer)
    with pytest.raises(SettingError, match="weights that are parameters"):
        PerImageFisher(network)


def test_a_network_that_changes_its_mind():
    """Which layer takes the convolution's output depends on the images."""

    class Fickle(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.norm = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)
            self.norm.running_mean += 0.3
            self.bare = False

        def forward(self, x):
            found = self.layer(x)
            return found.sin() if self.bare else self.norm(found)

    network, head, images = seen_by(Fickle().double())
    per_image = PerImageFisher(network)

    for bare in (False, True, False):
        network[2].bare = bare
        close(exact_by(per_image, head, images), fisher_by_definition(network, head, images))


def test_a_network_that_turns_to_a_slow_layer():
    """Its second pass, of several images, uses a weight twice that the first used once."""

    class Turning(Twice):
        again = False

        def forward(self, x):
            return super().forward(x) if self.again else self.layer(x)

    network, head, images = seen_by(Turning().double())
    per_image = PerImageFisher(network)

    for again in (False, True, False):
        network[2].again = again
        close(exact_by(per_image, head, images), fisher_by_definition(network, head, images))


def test_a_network_that_never_does_the_same_twice():
    class Restless(Twice):
        passes = 0

        def forward(self, x):
            self.passes += 1
            return self.layer(x) if self.passes % 2 else x

    network, head, images = seen_by(Restless().double())
    network[2].passes = 0
    with pytest.raises(SettingError, match="others each time"):
        PerImageFisher(network)(images, head, lambda logits: torch.ones_like(logits)[None])
