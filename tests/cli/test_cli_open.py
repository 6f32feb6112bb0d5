"""`task2vec open`: a server on a free port, and the browser on its page."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest


@pytest.fixture
def browser(tmp_path: Path) -> Path:
    """A program that takes down the address that it is to open."""
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    program.chmod(0o755)
    return program


@contextmanager
def opened(store: Path, browser: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "task2vec", "open", "--store", str(store), *options]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BROWSER": str(browser)},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str]) -> str:
    """Return the address on the first line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def page(url: str) -> str:
    with urlopen(Request(url, headers={"Accept": "text/html"}), timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def appeared(path: Path) -> bool:
    until = time.monotonic() + 20
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.05)
    return path.exists()


def test_the_browser_is_opened_on_a_new_store_and_once_more_on_the_server_that_runs(
    tmp_path: Path, browser: Path
) -> None:
    store = tmp_path / "new"
    with opened(store, browser) as process:
        url = told(process)

        assert url.startswith("http://127.0.0.1:")
        assert "<atlas-shell>" in page(url)
        assert appeared(tmp_path / "opened")
        assert (tmp_path / "opened").read_text() == url

        (tmp_path / "opened").unlink()
        with opened(store, browser) as again:
            assert again.wait(60) == 0
            assert told(again) == url
        assert (tmp_path / "opened").read_text() == url

        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    # The server has given the store back.
    assert not (store / "server.json").exists()


def test_without_a_browser_the_address_is_printed_only(tmp_path: Path, browser: Path) -> None:
    with opened(tmp_path / "new", browser, "--no-browser", "--json") as process:
        url = json.loads(told(process))["url"]

        assert "<atlas-shell>" in page(url)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert not (tmp_path / "opened").exists()
