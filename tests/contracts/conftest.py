"""One store, behind each kind of client."""

import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import small_store
from client_kinds import KINDS, REMOTE, client_of, copy_of, serving
from factories import replace
from index_builders import INDICES, index_of
from small_expert import add_expert, expert_file
from small_network import reference_of
from small_store import USED, SmallStore

from task2vec.client.upload.pack import pack
from task2vec.jobs.embed import source_signature
from task2vec.messages.models import NewModel
from task2vec.messages.settings import EmbeddingSettings
from task2vec.service.models.registering import add_model
from task2vec.service.workspace import Workspace


@pytest.fixture(scope="session")
def small() -> SmallStore:
    return small_store.build()


@pytest.fixture(scope="session")
def folders(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The stores that are asked ``here`` and by a server ``there``.

    Both have a ``small`` expert on ``emoji_food``, and networks to start from: ``tiny``, and one
    that is ``gone``.
    """
    folder = tmp_path_factory.mktemp("stores")
    source = small.sources / "emoji_food"
    file = expert_file(folder, source, temperature=0.4, images=12)
    networks = {"tiny": reference_of(folder, seed=1), "gone": reference_of(folder, seed=2)}
    found = {name: copy_of(small.store, folder / name / "store") for name in ("here", "there")}
    for store in found.values():
        with Workspace(store) as workspace:
            for name, reference in networks.items():
                add_model(workspace, NewModel(ref=reference, name=name))
    (folder / "small-2.safetensors").unlink()
    add_expert(found["here"], file)
    # A server knows what it was sent, the store of the command line where a folder lay.
    with Workspace(found["there"]) as workspace:
        tasks = workspace.store().tasks
        known = tasks.get("emoji_food")
        signature = source_signature(pack(source).sha256, EmbeddingSettings(images=USED))
        sent = replace(known, id="", name="sent", source="", source_signature=signature)
        tasks.add(sent, tasks.embedding(known.id), details=tasks.details(known.id))
    add_expert(found["there"], file, task="sent")
    return found


@pytest.fixture(scope="session")
def local_store(folders: dict[str, Path]) -> str:
    return str(folders["here"])


@pytest.fixture(scope="session")
def url(folders: dict[str, Path]) -> Iterator[str]:
    """A server of all tests; whatever they ask of it, its own process loads no torch."""
    with serving(folders["there"]) as address:
        yield address
        if sys.platform == "linux":
            card = json.loads((folders["there"] / "server.json").read_text())
            maps = Path(f"/proc/{card['pid']}/maps").read_text()
            assert "sqlite" in maps
            assert "torch" not in maps


@pytest.fixture(scope="session")
def stores(local_store: str, url: str) -> dict[str, str]:
    """Where each kind of client finds its store."""
    return {kind: local_store if kind == "local" else url for kind in KINDS}


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
