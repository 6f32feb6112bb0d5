"""The command line as a function, and a store to run it on."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import small_store
from command import Cli, Result
from small_store import SmallStore

from task2vec.cli import progress
from task2vec.cli.progress import ProgressLines
from task2vec.cli.run import run


@pytest.fixture(autouse=True)
def nothing_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, without the settings of the person who runs the tests."""
    for name in [name for name in os.environ if name.startswith("TASK2VEC_")]:
        if name != "TASK2VEC_CACHE":
            monkeypatch.delenv(name)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def as_on_a_fast_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no command for a long one, however slow the machine is: it would tell its progress."""
    monkeypatch.setattr(progress, "ProgressLines", partial(ProgressLines, patience=1e6))


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run a command in this process."""

    def call(*arguments: str | Path) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def small() -> Iterator[SmallStore]:
    """The store of four small tasks: not to be written to."""
    built = small_store.build()
    before = small_store.snapshot(built.store)
    yield built
    assert small_store.snapshot(built.store) == before, "a test wrote to the shared store"


@pytest.fixture
def store(small: SmallStore, tmp_path: Path) -> Path:
    """A copy of the store, free to be changed, in a folder that is awkward to name."""
    return Path(shutil.copytree(small.store, tmp_path / "my störe"))


@pytest.fixture
def ask(cli: Cli, small: SmallStore) -> Cli:
    """Run a command on the store of four small tasks, which it leaves as it is."""
    return lambda *arguments: cli(*arguments, "--store", small.store)


@pytest.fixture
def on(cli: Cli, store: Path) -> Cli:
    """Run a command on a copy of the store."""
    return lambda *arguments: cli(*arguments, "--store", store)


@pytest.fixture(scope="session")
def two_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest source that can be embedded: two classes of three images."""
    target = tmp_path_factory.mktemp("sources") / "tiny"
    return small_store.cut("emoji_food", target, classes=2, images=3)
