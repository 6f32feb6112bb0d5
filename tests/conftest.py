"""A tiny real probe. Being here, this file lets every test import what lies beside it, too."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import small_store
from fork_server import ForkServer

if TYPE_CHECKING:
    from task2vec.probe.probe import Probe


_PLACES = count()

#: Seconds of the files that take two or more, by their paths from here.
_SECONDS_FILE = Path(__file__).with_name("seconds.json")
_SECONDS: dict[str, float] = json.loads(_SECONDS_FILE.read_text(encoding="utf-8"))
_MEASURED: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--accept",
        action="store_true",
        help="write the documents of tests/frozen anew instead of comparing with them",
    )
    parser.addoption(
        "--quick",
        action="store_true",
        help="leave out the files that take two seconds or more, by tests/seconds.json",
    )
    parser.addoption(
        "--write-seconds",
        action="store_true",
        help="write tests/seconds.json anew, by what this run takes",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Give the run a cache of its own, in which only the converted weights are from before.

    What was measured by hand on the images of a test would answer that test; commands that run in
    processes of their own get the folder by their environment, as do the workers of xdist.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    from task2vec.probe.cache import cache_folder

    folder = TemporaryDirectory(prefix="task2vec-tests-cache-")
    for weights in cache_folder().glob("*.safetensors"):
        (Path(folder.name) / weights.name).symlink_to(weights)
    before = os.environ.get("TASK2VEC_CACHE")
    os.environ["TASK2VEC_CACHE"] = folder.name

    def undo() -> None:
        folder.cleanup()
        del os.environ["TASK2VEC_CACHE"]
        if before is not None:
            os.environ["TASK2VEC_CACHE"] = before

    config.add_cleanup(undo)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not quick where that is wanted; put first what takes longest.

    A long file that starts last keeps one process busy while the others have nothing left to do.
    """
    if config.getoption("--quick"):
        config.hook.pytest_deselected(items=[item for item in items if _seconds(item)])
        items[:] = [item for item in items if not _seconds(item)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_seconds, reverse=True)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    file = report.nodeid.partition("::")[0]
    _MEASURED[file.removeprefix("tests/")] += report.duration


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--write-seconds") and "PYTEST_XDIST_WORKER" not in os.environ:
        slow = {name: round(taken) for name, taken in sorted(_MEASURED.items()) if taken >= 2}
        _SECONDS_FILE.write_text(json.dumps(slow, indent=0) + "\n", encoding="utf-8")


def _seconds(item: pytest.Item) -> float:
    return _SECONDS.get(item.path.relative_to(Path(__file__).parent).as_posix(), 0.0)


@pytest.fixture(autouse=True)
def no_known_probes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let each test measure its own linear probes, whatever others have measured."""
    place = tmp_path_factory.getbasetemp() / f"linear-probes-{next(_PLACES)}"
    monkeypatch.setattr("task2vec.finetuning.probe_cache.FOLDER", str(place))
    small_store.forget_measured()


@pytest.fixture(scope="session", autouse=True)
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Name the folder that all processes of a run share, and that of this process."""
    own = tmp_path_factory.getbasetemp()
    small_store.own_folder = tmp_path_factory.mktemp("own")
    small_store.folder = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


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
