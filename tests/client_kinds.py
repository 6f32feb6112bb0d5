"""The three clients on equal stores: a real server with a real worker, and the store itself."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from waited_client import Waited

from task2vec import AsyncClient, Client, LocalClient

KINDS = ("local", "blocking", "asynchronous")
REMOTE = KINDS[1:]


@contextmanager
def serving(store: Path, *options: str) -> Iterator[str]:
    """Run `task2vec serve` with one worker, unless options say how many; yield its address."""
    settings = {k: v for k, v in os.environ.items() if not k.startswith("TASK2VEC_")}
    settings |= {k: os.environ[k] for k in ("TASK2VEC_CACHE",) if k in os.environ}
    command = ["serve", "--store", str(store), "--port", "0", "--json", *options]
    with (store.parent / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "task2vec", *command],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**settings, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (store.parent / "server.log").read_text()
        yield json.loads(line)["url"]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@contextmanager
def client_of(kind: str, where: str) -> Iterator[Any]:
    """Return a client that is called like a blocking one, whatever it is."""
    if kind == "local":
        with LocalClient(where) as client:
            yield client
    elif kind == "blocking":
        with Client(where) as client:
            yield client
    else:
        with asyncio.Runner() as runner:
            client = Waited(AsyncClient(where), runner)
            yield client
            client.close()


def copy_of(store: Path, target: Path) -> Path:
    return Path(shutil.copytree(store, target))


def until(condition: Any, *, seconds: float = 60.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
