"""The server that a page starts: it runs beside the page until the page ends."""

import os
import re
import shlex
from pathlib import Path

from live_server import LiveServer

#: A line of a page that starts a server, as a reader types it into a terminal of its own.
STARTS = re.compile(r"task2vec serve(?! --show-settings)\b")
#: Where a server answers unless told otherwise. Pages name it; what runs is at another port.
TOLD = "http://127.0.0.1:8000"


class PageServer(LiveServer):
    """Starts what a page starts; the page's address of it stands for where it is."""

    def start_as_told(self, line: str, *, folder: Path) -> None:
        """Start a server by a command line of a page."""
        _, _, *options = shlex.split(line, comments=True)
        store = folder.absolute() / os.environ.get("TASK2VEC_STORE", "task2vec-store")
        self.start(options, store=store, folder=folder)

    def located(self, code: str) -> str:
        """Return code of the page with the address of the server that runs."""
        return code.replace(TOLD, self.url or TOLD)
