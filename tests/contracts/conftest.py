"""One store, behind each kind of client."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import small_store
from client_kinds import KINDS, REMOTE, client_of, copy_of, serving
from index_builders import INDICES, index_of
from small_store import SmallStore


@pytest.fixture(scope="session")
def small() -> SmallStore:
    return small_store.build()


@pytest.fixture(scope="session")
def local_store(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(copy_of(small.store, tmp_path_factory.mktemp("local") / "store"))


@pytest.fixture(scope="session")
def url(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(copy_of(small.store, tmp_path_factory.mktemp("server") / "store")) as address:
        yield address


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    where = request.getfixturevalue("local_store" if request.param == "local" else "url")
    with client_of(request.param, where) as made:
        yield made


@pytest.fixture(params=REMOTE)
def remote(request: pytest.FixtureRequest, url: str) -> Iterator[Any]:
    with client_of(request.param, url) as made:
        yield made


@pytest.fixture
def reference(small: SmallStore) -> Iterator[Any]:
    """The client of the store that the others are copies of: not to be written to."""
    with client_of("local", str(small.store)) as made:
        yield made


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> str:
    """A name that no other test of the run uses, since they share a server."""
    kind = request.node.callspec.id if hasattr(request.node, "callspec") else ""
    return f"{request.node.originalname.removeprefix('test_')}_{kind}"


@pytest.fixture
def task(client: Any, fresh: str, small: SmallStore, tmp_path: Path) -> Iterator[Any]:
    """A task of this test's own, with the embedding of emoji_food."""
    client.tasks.export("emoji_food", tmp_path / "own.npz")
    yield client.tasks.import_embedding(tmp_path / "own.npz", name=fresh, tags=["own"])
    if fresh in {found.name for found in client.tasks.list()}:
        client.tasks.remove(fresh, cascade=True)


@pytest.fixture(params=INDICES)
def build(request: pytest.FixtureRequest) -> Any:
    """Build an index of each kind from named embeddings: see `index_of`."""
    return partial(index_of, INDICES[request.param])
