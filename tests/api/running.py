"""The real app over a real store, called within this process."""

import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from fastapi import APIRouter, FastAPI

from task2vec.service import keys
from task2vec.service.keys import NewKey
from task2vec.service.workspace import Workspace
from task2vec.types import Scope
from task2vec_api import create_app
from task2vec_api.runtime import Runtime
from task2vec_api.settings import Settings

BASE = "http://localhost"


@dataclass(frozen=True)
class Running:
    """An app that has started, with a client of it that sends no key."""

    app: FastAPI
    client: httpx2.AsyncClient
    workspace: Workspace

    @property
    def runtime(self) -> Runtime:
        found: Runtime = self.app.state.runtime
        return found

    def key(self, *scopes: Scope, name: str = "somebody", **limits: float) -> NewKey:
        """Make a key, and let the app know at once."""
        new = keys.create(self.workspace, name, scopes, **limits)  # type: ignore[arg-type]
        self.app.state.maintenance.read_keys()
        return new


def bearer(new: NewKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {new.secret}"}


@cache
def _empty() -> Path:
    # A script that makes no store of its own need not find it.
    import small_store

    assert small_store.own_folder is not None, "tests/conftest.py names it"
    folder = small_store.own_folder / "empty_store"
    with Workspace(folder) as workspace:
        workspace.store(create=True)
    return folder


def copy_of_empty(store: Path) -> Path:
    """Put an empty store there, where there is none yet: to make one takes longer."""
    if not store.exists():
        shutil.copytree(_empty(), store)
    return store


@asynccontextmanager
async def running(
    store: Path,
    settings: Settings | None = None,
    *,
    routers: Iterable[APIRouter] = (),
    confined: bool = False,
) -> AsyncIterator[Running]:
    """Start the app on a store; ``routers`` are served as well, for what no real route does.

    What is sent is parsed in this process unless it is to be ``confined``: that takes another one.
    """
    workspace = Workspace(copy_of_empty(store))
    app = create_app(workspace, settings or Settings(access_log=False))
    if not confined:
        workspace.confinement = None
    for router in routers:
        app.include_router(router, prefix="/v1")
    transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50000))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url=BASE) as client,
    ):
        yield Running(app, client, workspace)


async def all_pages(it: Running, path: str, *, size: int) -> list[list[Any]]:
    """Read a list page by page, and return what each page held."""
    found: list[list[Any]] = []
    token = None
    while not found or token is not None:
        given = {"page_size": size} | ({"page_token": token} if token else {})
        page = (await it.client.get(path, params=given)).json()
        token = page.pop("next_page_token")
        (items,) = page.values()
        found.append(items)
    return found
