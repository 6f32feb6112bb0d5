"""Stores that earlier versions wrote still open, and answer as they did."""

import asyncio
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import small_store
import write_store
from session import call
from write_store import SAVED_INDEX, STORES

from task2vec import __version__
from task2vec.service.workspace import Workspace
from task2vec_api import create_app
from task2vec_api.settings import Settings

VERSIONS = sorted(path.name.removesuffix(".tar.gz") for path in STORES.glob("*.tar.gz"))
LINES = {
    "list": "list",
    "show": "show emoji_food",
    "show_by_a_job": "show by_a_job",
    "neighbours": "neighbours emoji_food",
    "neighbours_asymmetric": "neighbours emoji_food --asymmetric",
    "distance": "distance emoji_food greek_capitals",
    "recommend": "recommend emoji_food --budget 0 --explain",
    "models": "models list",
    "outcomes": "outcomes list",
    "predict": "predict expert new",
    "keys": "keys list",
    "doctor": "doctor",
}


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the store of a version, in the working folder."""
    monkeypatch.chdir(tmp_path)
    with tarfile.open(STORES / f"{version}.tar.gz") as archive:
        archive.extractall(filter="data")
    return tmp_path / "store"


async def jobs(store: Path, key: str) -> Any:
    app = create_app(Workspace(store), Settings(workers=0, access_log=False))
    transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
    ):
        answer = await client.get("/v1/jobs", headers={"Authorization": f"Bearer {key}"})
        return answer.json()


def test_a_store_answers_as_when_it_was_written(
    version: str, store: Path, frozen: Callable[[str, Any], None]
) -> None:
    small_store.cut("emoji_food", Path("new"), classes=3, images=1)
    found = {name: call(line) for name, line in LINES.items()}
    checks = found["doctor"]["out"]["checks"]
    (found["doctor"],) = [check for check in checks if check["name"] == "store"]
    # The weights of the starting model lay outside the store; all that is in it is whole.
    assert found["doctor"]["found"] == "its checkpoint is gone: start"
    key = call("keys create reader --scope read")["out"]["key"]
    found["jobs"] = asyncio.run(jobs(store, key))
    assert found["jobs"]["jobs"][0]["state"] == "succeeded"

    text = json.dumps(found).replace(str(store.parent), "<root>")
    frozen(f"stores/{version}.json", json.loads(text))


def test_the_saved_index_is_used_and_finds_what_a_scan_finds(store: Path) -> None:
    before = small_store.snapshot(store / "index")
    done = subprocess.run(
        [sys.executable, SAVED_INDEX, store], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)

    assert told["used"], done.stderr
    assert len(told["found"]) == 3
    assert told["found"] == told["scanned"]
    assert small_store.snapshot(store / "index") == before


def test_a_store_is_never_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_store, "STORES", tmp_path)
    (tmp_path / f"{__version__}.tar.gz").write_bytes(b"of old")

    assert write_store.main() == 2
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"of old"]
