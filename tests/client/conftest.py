"""A server that misbehaves as it is told, and both clients."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import scripted_server
from scripted_server import Far
from waited_client import Waited

from task2vec import AsyncClient, Client


@pytest.fixture
def far() -> Iterator[Far]:
    with scripted_server.running() as server:
        yield server


@pytest.fixture(params=["blocking", "asynchronous"])
def connect(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A function that makes a client of either kind."""
    with asyncio.Runner() as runner:
        made: list[Any] = []

        def make(url: str, **options: Any) -> Any:
            if request.param == "blocking":
                made.append(Client(url, "t2v_key", **options))
                return made[-1]
            made.append(Waited(AsyncClient(url, "t2v_key", **options), runner))
            return made[-1]

        yield make
        for client in made:
            client.close()
