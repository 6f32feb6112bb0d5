"""A real server in a process of its own, for benchmarks."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil


@dataclass(frozen=True)
class Serving:
    """A running server: its address, its process, and the file with what it says."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def resident_mib(self) -> float:
        """Return the memory of the API process, without its workers."""
        return float(psutil.Process(self.process.pid).memory_info().rss / 2**20)


@contextmanager
def serving(
    store: Path,
    *,
    log: Path,
    workers: int = 0,
    options: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    patience: float = 90,
) -> Iterator[Serving]:
    """Start ``task2vec serve`` on a free port of loopback; stop it at the end.

    Raises `RuntimeError` with the end of its log when it does not come up.
    """
    port = free_port()
    command = [sys.executable, "-m", "task2vec", "serve", "--store", str(store)]
    command += ["--port", str(port), "--workers", str(workers), *options]
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command, stdout=sink, stderr=sink, env={**os.environ, **(environment or {})}
        )
    server = Serving(f"http://127.0.0.1:{port}", process, log)
    try:
        wait_until_up(server, patience=patience)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(server: Serving, *, patience: float) -> None:
    """Return when the server answers; raises `RuntimeError` otherwise."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if server.process.poll() is not None:
            break
        try:
            httpx2.get(f"{server.url}/livez", timeout=2)
        except httpx2.HTTPError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"no server came up:\n{server.log.read_text()[-3000:]}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def say(**facts: object) -> None:
    """Print progress as one line of JSON on stderr."""
    print(json.dumps(facts), file=sys.stderr, flush=True)
