"""The networks that are trained from scratch: small enough for a processor, and any of timm's."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from task2vec.errors import UnknownNameError

#: Filters of the stages: fewer than in the papers, so that an epoch takes a second.
WIDTHS = (16, 32, 64)


def plain_cnn(channels: int, classes: int, *, norm: bool = True) -> nn.Module:
    """Return five convolutions with two halvings of the resolution, and a linear classifier."""
    a, b, c = WIDTHS
    layers = [
        _block(channels, a, norm=norm),
        _block(a, b, stride=2, norm=norm),
        _block(b, b, norm=norm),
        _block(b, c, stride=2, norm=norm),
        _block(c, c, norm=norm),
    ]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, classes))


def all_convolutional(channels: int, classes: int, *, norm: bool = True) -> nn.Module:
    """Return the network of Springenberg et al. (2015, arXiv 1412.6806) with fewer filters.

    Convolutions of stride 2 take the place of pooling, and one of 1 x 1 that of the classifier.
    """
    a, b, c = WIDTHS
    return nn.Sequential(
        _block(channels, a, norm=norm),
        _block(a, a, stride=2, norm=norm),
        _block(a, b, norm=norm),
        _block(b, b, stride=2, norm=norm),
        _block(b, c, norm=norm),
        _block(c, c, size=1, norm=norm),
        nn.Conv2d(c, classes, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


def small_resnet(channels: int, classes: int, *, norm: bool = True) -> nn.Module:
    """Return a residual network of three stages of one block each (He et al. 2016)."""
    stages = [
        _Residual(before, after, stride=1 if before == after else 2, norm=norm)
        for before, after in pairwise((WIDTHS[0], *WIDTHS))
    ]
    return nn.Sequential(
        _block(channels, WIDTHS[0], norm=norm),
        *stages,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(WIDTHS[-1], classes),
    )


NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "cnn": plain_cnn,
    "all-cnn": all_convolutional,
    "resnet": small_resnet,
}


def build_network(
    name: str, *, channels: int, classes: int, norm: bool = True, seed: int = 0
) -> nn.Module:
    """Return a network with random weights, the same for the same seed.

    ``name`` is one of `NETWORKS`, with batch norm or without (``norm``), or an architecture of
    timm. Raises `UnknownNameError` for another name.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name in NETWORKS:
            return NETWORKS[name](channels, classes, norm=norm)
        import timm

        if not timm.is_model(name):
            raise UnknownNameError(
                f"No network is called {name}",
                expected=", ".join(NETWORKS) + ", or an architecture of timm",
                got=name,
                remedy="`python -c 'import timm; print(timm.list_models())'` lists those of timm.",
            )
        network: nn.Module = timm.create_model(name, num_classes=classes, in_chans=channels)
        return network


def _block(before: int, after: int, *, norm: bool, size: int = 3, stride: int = 1) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(before, after, size, stride=stride, padding=size // 2, bias=not norm)
    ]
    if norm:
        layers.append(nn.BatchNorm2d(after))
    return nn.Sequential(*layers, nn.ReLU())


class _Residual(nn.Module):
    """Two convolutions around which the input goes, too."""

    def __init__(self, before: int, after: int, *, stride: int, norm: bool) -> None:
        super().__init__()
        self.first = _block(before, after, stride=stride, norm=norm)
        self.second = _block(after, after, norm=norm)[:-1]
        self.way_around = (
            nn.Identity()
            if stride == 1 and before == after
            else _block(before, after, size=1, stride=stride, norm=norm)[:-1]
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the block's output."""
        return nn.functional.relu(self.second(self.first(inputs)) + self.way_around(inputs))
