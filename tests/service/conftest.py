from collections.abc import Iterator
from pathlib import Path

import pytest

from task2vec.service.workspace import Workspace


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Workspace]:
    """The workspace of a server: with a store, and whatever engine it has is never started."""
    with Workspace(tmp_path / "store") as opened:
        opened.store(create=True)
        yield opened
        assert opened._engine is None


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """Where a worker keeps what it sends."""
    return tmp_path / "sent"
