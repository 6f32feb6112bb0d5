"""The server that a page starts: it runs beside the page, on a port of its own, until the end."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

#: A line of a page that starts a server, as a reader types it into a terminal of its own.
STARTS = re.compile(r"task2vec serve(?! --show-settings)\b")
#: Where a server answers unless told otherwise. Pages name it; what runs is at another port.
TOLD = "http://127.0.0.1:8000"

_START_SECONDS = 120.0
_STOP_SECONDS = 60.0


class PageServer:
    """Starts what a page starts; use it as a context manager.

    ``log`` takes what the server writes. It ends with its page, and must end as it was told to.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.url = TOLD

    def start(self, line: str, *, folder: Path) -> None:
        """Start a server by the command line of a page and wait until it says where it answers."""
        assert self._process is None, "a page starts one server"
        store = folder / os.environ.get("TASK2VEC_STORE", "task2vec-store")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *shlex.split(line, comments=True), "--port", "0"],
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + _START_SECONDS
        while not (card := store / "server.json").exists():
            assert self._process.poll() is None, self.told()
            assert time.monotonic() < until, self.told()
            time.sleep(0.05)
        self.url = json.loads(card.read_text(encoding="utf-8"))["url"]

    def located(self, code: str) -> str:
        """Return code of the page with the address of the server that runs."""
        return code.replace(TOLD, self.url)

    def told(self) -> str:
        """Return what the server wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

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
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if error is not None:
            # The page's own failure is the one to show; the server's words may explain it.
            print(f"The server said:\n{self.told()[-5000:]}", file=sys.stderr)
        else:
            assert code == 0, f"the server ended with {code}:\n{self.told()}"
            assert "Traceback" not in self.told(), self.told()
