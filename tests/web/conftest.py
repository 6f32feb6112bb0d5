"""A real Chromium on a real server; whatever goes wrong on a page fails its test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import LiveServer
from playwright.sync_api import Browser, expect, sync_playwright
from watched import LONG, MARKUP, RIGHT_TO_LEFT, Watched, rename, serving, watching

from benchmarks import chromium

# A machine that runs other tests beside is slow; a test that passes does not wait.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, which draws by software; playwright downloads none."""
    if chromium.PATH is None:
        pytest.skip(chromium.MISSING)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with four small tasks, three of which have hostile names."""
    with serving(tmp_path_factory.mktemp("atlas")) as url:
        rename(url, "emoji_food", MARKUP)
        rename(url, "fashion_tops", RIGHT_TO_LEFT)
        rename(url, "greek_capitals", LONG)
        yield url


@pytest.fixture
def empty_server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server on an empty store, in the folder ``store``."""
    with LiveServer(tmp_path / "log") as live:
        live.start(["--workers", "0"], store=tmp_path / "store")
        yield live


@pytest.fixture
def atlas(browser: Browser, server: str, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A page in a fresh context, whose options a test gives by ``@pytest.mark.parametrize``."""
    with watching(browser, server, **getattr(request, "param", {})) as watched:
        yield watched
