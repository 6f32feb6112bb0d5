"""What interrupted fine-tunings left on this machine, for whichever worker goes on with them."""

import logging
import math
import os
import re
import shutil
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

logger = logging.getLogger(__name__)

#: A server that was away for this many seconds does not ask for it any more.
_STALE = 7 * 24 * 3600.0
#: Seconds between two questions whether a job has ended.
_EVERY = 60.0
# What a server says becomes a path here: nothing else of it may.
_JOB = re.compile(r"[a-z0-9]{1,16}_[a-z0-9]{1,64}")


class ResumeCache:
    """A folder for each job of a server that is being fine-tuned, shared by this user's workers.

    ``over`` says of a job's id whether it has ended. Where the folder cannot be trusted, nothing is
    resume_cache: another user who can write there would decide how training goes on.
    """

    def __init__(
        self, server: str, *, over: Callable[[str], bool], root: Path | None = None
    ) -> None:
        self._prefix = sha256(server.encode()).hexdigest()[:16] + "-"
        self._over = over
        self._root = _usable(root or Path(gettempdir(), f"task2vec-unfinished-{os.getuid()}"))
        self._due = -math.inf

    def place(self, job: str) -> Path | None:
        """Return the folder for what is begun of a job; None where nothing can be resume_cache."""
        if self._root is None or not _JOB.fullmatch(job):
            return None
        return self._root / f"{self._prefix}{job}"

    def begun(self, job: str) -> bool:
        """Whether something is there to go on with."""
        place = self.place(job)
        return place is not None and any(place.glob("*.unfinished"))

    def drop(self, job: str) -> None:
        """Remove what was begun of a job."""
        if (place := self.place(job)) is not None:
            shutil.rmtree(place, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what was begun of jobs that have ended meanwhile, unless that was just done."""
        if self._root is None or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _EVERY
        for folder in self._root.iterdir():
            with suppress(OSError):
                if time.time() - _touched(folder) > _STALE:
                    shutil.rmtree(folder, ignore_errors=True)
                elif folder.name.startswith(self._prefix):
                    job = folder.name.removeprefix(self._prefix)
                    if self._over(job):
                        self.drop(job)


def _usable(root: Path) -> Path | None:
    """Return the folder if it is a real one of this user's alone, made where it is not there."""
    try:
        root.mkdir(mode=0o700, exist_ok=True)
        found = root.lstat()
    except OSError as error:
        logger.warning("interrupted fine-tunings begin anew, %s cannot be made: %s", root, error)
        return None
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    if not mine or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        logger.warning("interrupted fine-tunings begin anew: others can write to %s", root)
        return None
    return root


def _touched(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.glob("*")))
