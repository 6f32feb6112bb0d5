"""A real server: a process of its own, on a port of its own, until the test is done with it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

_START_SECONDS = 120.0
_STOP_SECONDS = 60.0


class LiveServer:
    """`task2vec serve` on a free port; a context manager, within which it runs once started.

    ``log`` takes what it writes. At the end it is told to stop, and has to end with 0 and without
    a traceback in its log.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(
        self,
        options: Sequence[str | Path],
        *,
        store: Path,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Start it on ``store``, wait until it says where it answers, and return that address."""
        assert self._process is None, "one server at a time"
        command = [sys.executable, "-m", "task2vec", "serve", *map(str, options), "--port", "0"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, "TASK2VEC_STORE": str(store), **(environment or {})},
                stdout=log,
                stderr=log,
            )
        card = store / "server.json"
        self._wait(card.exists)
        self.url = json.loads(card.read_text(encoding="utf-8"))["url"]
        return self.url

    def wait_until_ready(self) -> None:
        """Wait until a worker has loaded its network."""
        self._wait(self._ready)

    def told(self) -> str:
        """Return what it wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """Tell it to stop, as a service manager would, and return its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is None:
            return
        code = self.stop()
        if error is not None:
            # That failure is the one to show; the server's words may explain it.
            print(f"The server said:\n{self.told()[-5000:]}", file=sys.stderr)
            return
        assert code == 0, f"the server ended with {code}:\n{self.told()}"
        assert "Traceback" not in self.told(), self.told()

    def _wait(self, there: Callable[[], bool]) -> None:
        assert self._process is not None
        until = time.monotonic() + _START_SECONDS
        while not there():
            assert self._process.poll() is None, self.told()
            assert time.monotonic() < until, self.told()
            time.sleep(0.05)

    def _ready(self) -> bool:
        try:
            with urlopen(f"{self.url}/readyz", timeout=10) as answer:
                return bool(answer.status == 200)
        except URLError:
            return False
