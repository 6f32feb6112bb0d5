"""A random network of three small stages, which looks at 16 x 16 pixels."""

import torch
from torch import Tensor, nn

from task2vec.probe.card import Preprocessing, ProbeCard
from task2vec.probe.probe import Probe


def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class Staged(nn.Module):
    """Stages under the names of a ResNet."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.layer1 = _stage(8, 8, 2)
        self.layer2 = _stage(8, 12, 2)
        self.pool = nn.AdaptiveAvgPool2d(2)
        self.flatten = nn.Flatten()

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.flatten(self.pool(self.layer2(self.layer1(self.conv1(images)))))
        return features


class Skipping(Staged):
    """The same parts, which do not run one after the other."""

    def forward(self, images: Tensor) -> Tensor:
        inner = self.layer1(self.conv1(images))
        return super().forward(images) + inner.mean()


def probe_of(network: nn.Module) -> Probe:
    """Return a probe of a network that looks at 16 pixels."""
    preprocessing = Preprocessing(16, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))
    card = ProbeCard("staged", "staged", "test:staged", preprocessing, "Apache-2.0")
    return Probe(card, network)


def staged_probe() -> Probe:
    """Return the probe of a seeded network."""
    torch.manual_seed(7)
    return probe_of(Staged())
