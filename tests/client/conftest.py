"""A server that misbehaves as it is told, and both clients."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import scripted_server
from scripted_server import Far
from waited_client import Waited

from task2vec import AsyncClient, Client
from task2vec.client.http import connection, jobs


@pytest.fixture(scope="session")
def shared() -> Iterator[Far]:
    with scripted_server.running() as server:
        yield server


@pytest.fixture
def far(shared: Far) -> Far:
    shared.forget()
    return shared


@pytest.fixture(params=["blocking", "asynchronous"])
def connect(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that makes a client of either kind, whose pauses are short."""
    monkeypatch.setattr(jobs, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(connection, "Retrying", partial(connection.Retrying, base=0.01))
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
