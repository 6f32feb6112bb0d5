"""A tiny real probe. Being here, this file lets every test import what lies beside it, too."""

from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe


_PLACES = count()


@pytest.fixture(autouse=True)
def no_known_probes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let each test measure its own linear probes, whatever others have measured."""
    place = tmp_path_factory.getbasetemp() / f"linear-probes-{next(_PLACES)}"
    monkeypatch.setattr("task2vec.engine.probe_cache.FOLDER", str(place))


@pytest.fixture(scope="session")
def tiny_probe() -> "Probe":
    """A random network of 3 convolutions and 26 filters that looks at 16 x 16 pixels."""
    # torch takes seconds to import: only who needs it pays.
    import torch
    from torch import nn

    from task2vec.probe.card import Preprocessing, ProbeCard
    from task2vec.probe.probe import Probe

    torch.manual_seed(5)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
        nn.ReLU(inplace=True),
        nn.Conv2d(8, 10, 1),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
    )
    card = ProbeCard(
        name="tiny",
        architecture="tiny",
        weights="test:tiny",
        preprocessing=Preprocessing(16, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)),
        licence="Apache-2.0",
    )
    return Probe(card, network)
