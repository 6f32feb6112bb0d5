"""A page in Chromium that is watched, and names that pages have to bear."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import small_store
from axe_playwright_python.sync_playwright import Axe
from live_server import LiveServer
from playwright.sync_api import Browser, BrowserContext, Page, expect

#: Names that mean harm, or break what is not prepared for them.
MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"
RIGHT_TO_LEFT = "مهمة (الصور) 7"
LONG = "a_very_long_name_" * 11
# WCAG 2.2 at levels A and AA, and what axe holds for good practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Watched:
    """A page, what it complained about, and the server it is from."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, view: str = "") -> Page:
        """Show a view of the atlas, such as ``#/tasks/cats``, and wait until it is there."""
        self.page.goto(f"{self.url}/{view}")
        expect(self.page.locator("main > *")).not_to_have_count(0)
        expect(self.page.locator(".busy")).to_have_count(0)
        return self.page

    def heard(self, kind: str, text: str) -> None:
        """Take down what is written on the console, but for how fast the graphics driver is."""
        if kind in ("error", "warning") and "GL Driver Message" not in text:
            self.complaints.append(f"{kind}: {text}")

    def missed(self, url: str, reason: str | None) -> None:
        """Take down a request that failed, unless the page was left meanwhile."""
        if reason != "net::ERR_ABORTED":
            self.complaints.append(f"{reason}: {url}")

    def forgive(self, status: int) -> None:
        """Drop what the browser itself writes on its console of answers with this status."""
        assert all(str(status) in each for each in self.complaints), self.complaints
        self.complaints.clear()

    def axe(self) -> list[str]:
        """Return what axe finds on the page as it is now."""
        found = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": _RULES}})
        return [
            f"{each['id']}: {node['html'][:200]} {node['failureSummary']}"
            for each in found.response["violations"]
            for node in each["nodes"]
        ]


def get(url: str) -> Any:
    with urlopen(url) as answer:
        return json.load(answer)


def send(url: str, body: dict[str, Any], *, method: str = "POST") -> Any:
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(url, json.dumps(body).encode(), headers, method=method)) as answer:
        return json.load(answer)


def tasks_of(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(f"{url}/v1/tasks")["tasks"]
    return found


def rename(url: str, task: str, name: str) -> None:
    edit = {"name": name, "tags": ["letters", MARKUP]}
    send(f"{url}/v1/tasks/{task}", edit, method="PATCH")


@contextmanager
def serving(folder: Path, *, workers: int = 0) -> Iterator[str]:
    """The address of a server on a store of four small tasks, in the folder ``store``."""
    store = folder / "store"
    if not store.exists():
        shutil.copytree(small_store.build().store, store)
    with LiveServer(folder / "log") as live:
        yield live.start(["--workers", str(workers)], store=store)


@contextmanager
def watching(browser: Browser, server: str, **more: Any) -> Iterator[Watched]:
    """A page in a fresh context.

    At the end nothing may be on the console, and nothing may have been stopped by the policy.
    """
    options = {"viewport": {"width": 1280, "height": 800}, **more}
    context: BrowserContext = browser.new_context(**options)
    context.set_default_timeout(20_000)
    page = context.new_page()
    watched = Watched(page, server)
    page.on("console", lambda it: watched.heard(it.type, it.text))
    page.on("pageerror", lambda it: watched.complaints.append(str(it)))
    page.on("requestfailed", lambda it: watched.missed(it.url, it.failure))
    page.on("dialog", lambda it: watched.complaints.append(f"dialog: {it.message}"))
    yield watched
    context.close()
    assert not watched.complaints, watched.complaints
