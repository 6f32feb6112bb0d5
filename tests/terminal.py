"""Programs whose stderr is a terminal."""

import os
import pty
import subprocess
import sys


def in_terminal(program: str, *, stdout: int | None = None) -> str:
    """Run a program whose stderr is a terminal, and return what came there."""
    ours, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=its,
        stdout=its if stdout is None else stdout,
        env=environment,
    ) as run:
        os.close(its)
        shown = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:
                break
            if not chunk:
                break
            shown += chunk
    os.close(ours)
    assert run.returncode == 0
    return shown.decode()
