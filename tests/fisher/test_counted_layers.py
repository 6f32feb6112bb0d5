"""Layers that do not count: nothing of the others changes, and nothing of theirs is computed."""

import pytest
import torch
from fisher_cases import close, exact_by, seen_by
from test_fold import norm
from torch import nn

from task2vec.errors import SettingError
from task2vec.fisher import tracked
from task2vec.fisher.per_image import PerImageFisher
from task2vec.fisher.units import find_layers
from task2vec.types import CountedLayers

DEPTHWISE = CountedLayers.DEPTHWISE


def block():
    """Return pointwise, depthwise, grouped and linear layers with norms, and a one-channel one."""
    return nn.Sequential(
        nn.Conv2d(4, 6, 1),
        norm(6),
        nn.ReLU(),
        nn.Conv2d(6, 6, 3, padding=1, groups=6),
        norm(6),
        nn.Conv2d(6, 12, 3, groups=6),
        nn.Conv2d(12, 4, 3, groups=2),
        norm(4),
        nn.Conv2d(4, 1, 1),
        nn.Conv2d(1, 3, 1),
    ).double()


def test_only_depthwise_filters_are_found():
    found = find_layers(seen_by(block())[0], DEPTHWISE)
    assert [layer.name for layer in found] == ["2.3", "2.5"]
    assert [layer.elements for layer in found] == [slice(0, 6), slice(6, 18)]


def test_same_squares_as_with_all():
    network, head, images = seen_by(block())
    every = PerImageFisher(network)
    whole = exact_by(every, head, images)
    kept = [layer.elements for layer in every.layers if layer.name in ("2.3", "2.5")]
    some = PerImageFisher(network, DEPTHWISE)
    assert some.filters == 18
    for _ in range(2):  # the plan of the first call is used again
        found = exact_by(some, head, images)
        close(found, torch.cat([whole[:, elements] for elements in kept], dim=1))
    # The norms behind layers that do not count are folded all the same.
    assert len(some._plan.folds) == len(every._plan.folds) == 3


def test_squares_of_the_others_are_not_formed(monkeypatch):
    network, head, images = seen_by(block())
    formed = []

    def note(inputs, gradient, geometry, memo):
        formed.append(geometry.groups)
        return form(inputs, gradient, geometry, memo)

    form = tracked.squared_filter_gradients
    monkeypatch.setattr(tracked, "squared_filter_gradients", note)
    PerImageFisher(network, DEPTHWISE)(images, head, lambda logits: torch.ones_like(logits)[None])
    assert formed == [6, 6]


def test_nothing_is_differentiated_below_the_first_that_counts():
    network, head, images = seen_by(block())
    network.requires_grad_(False)
    below = []
    network[2][0].register_forward_hook(lambda _m, _i, output: below.append(output.requires_grad))
    PerImageFisher(network, DEPTHWISE)(images, head, lambda logits: torch.ones_like(logits)[None])
    assert below
    assert not any(below)


def test_a_network_without_any():
    with pytest.raises(SettingError, match="depthwise convolutions, which its card counts"):
        PerImageFisher(nn.Sequential(nn.Conv2d(3, 4, 3)).eval(), DEPTHWISE)
