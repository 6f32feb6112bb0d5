"""What all tests of the HTTP service share."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from extra_routes import extra_routes
from filled import filled, zipped
from running import Running, running


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that the server runs on."""
    return "asyncio"


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    """The app on an empty store, in the folder ``s``, with routes for what no real one does."""
    async with running(tmp_path / "s", routers=[extra_routes()]) as found:
        yield found


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    """The app on a store of four tasks."""
    async with filled(tmp_path) as found:
        yield found


@pytest.fixture
async def dataset(server: Running, tmp_path: Path) -> dict[str, Any]:
    """An uploaded data set, named ``new``."""
    data = zipped(tmp_path, "greek_capitals", classes=4, images=8)
    sent = await server.client.post("/v1/datasets", files={"file": ("new.zip", data)})
    found: dict[str, Any] = sent.json()
    return found
