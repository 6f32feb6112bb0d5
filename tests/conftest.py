"""A tiny real probe. Being here, this file lets every test import what lies beside it, too."""

import os
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fork_server import ForkServer

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe


_PLACES = count()

# What a test is taken to last, in seconds, unless its mark `slow` tells.
_QUICK, _SLOW = 0.1, 5.0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="write the documents of tests/frozen anew instead of comparing with them",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first where several processes share them.

    A long file that starts last keeps one process busy while the others have nothing left to do.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    seconds = _seconds(items)
    items.sort(key=lambda item: -seconds[item.path])


def _seconds(items: list[pytest.Item]) -> dict[Path, float]:
    """Return what each file is taken to last."""
    seconds: dict[Path, float] = defaultdict(float)
    for item in items:
        mark = item.get_closest_marker("slow")
        seconds[item.path] += mark.kwargs.get("seconds", _SLOW) if mark else _QUICK
    return seconds


@pytest.fixture(autouse=True)
def no_known_probes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let each test measure its own linear probes, whatever others have measured."""
    place = tmp_path_factory.getbasetemp() / f"linear-probes-{next(_PLACES)}"
    monkeypatch.setattr("task2vec.finetune.probe_cache.FOLDER", str(place))


@pytest.fixture(scope="session")
def fork_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """A process with all libraries loaded, for programs that are started often."""
    with ForkServer(tmp_path_factory.mktemp("fork_server")) as server:
        yield server


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
