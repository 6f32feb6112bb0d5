"""The worker processes that the server runs itself."""

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from task2vec_api.logs import logger

#: What starts a worker; ``--url`` and ``--name`` follow.
COMMAND = (sys.executable, "-m", "task2vec", "worker")
# A worker that ran for this long had begun well: what ended it was something else.
_STEADY = 60.0
_LONGEST_WAIT = 60.0
_BAD_SETTING = 2


@dataclass
class _Post:
    """A place for one worker process, which is replaced when it dies."""

    name: str = ""
    process: asyncio.subprocess.Process | None = None
    failures: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class WorkerPool:
    """Starts workers, starts them again when they die, and ends them.

    A worker gets its key by its environment, which nobody but its user and the administrator of
    the machine can read; ``environment`` is added to it. ``on_death`` is told the name of each
    worker that died, in a thread.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str,
        workers: int,
        on_death: Callable[[str], None],
        command: Sequence[str] = COMMAND,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._url = url
        self._key = key
        self._on_death = on_death
        self._command = tuple(command)
        self._environment = dict(environment or {})
        self._posts = [_Post() for _ in range(workers)]
        self._stopping = False

    def start(self) -> None:
        """Begin; within the event loop."""
        for number, post in enumerate(self._posts):
            post.task = asyncio.create_task(self._hold(post, number))

    async def stop(self, seconds: float) -> None:
        """Ask every worker to hand back its job, and kill those that are still there later.

        ``on_death`` is called for each, so that its leases are taken back.
        """
        self._stopping = True
        names = [post.name for post in self._posts if post.process is not None]
        self._signal_all(signal.SIGTERM)
        tasks = [post.task for post in self._posts if post.task is not None]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=max(seconds, 0.0))
            if late:
                logger.warning("%d workers did not stop in time", len(late))
                self._signal_all(signal.SIGKILL)
                await asyncio.wait(late)
        for name in names:
            await asyncio.to_thread(self._on_death, name)

    def kill(self, name: str) -> bool:
        """Kill the worker of this name; return whether it is one of them. From any thread."""
        for post in self._posts:
            if post.name == name and post.process is not None:
                logger.warning("worker %s makes no progress: killing it", name)
                _signal(post.process, signal.SIGKILL)
                return True
        return False

    def kill_all(self) -> None:
        """Kill every worker: their jobs go to others when the leases are over."""
        self._stopping = True
        self._signal_all(signal.SIGKILL)

    @property
    def running(self) -> list[int]:
        """The process ids of the workers that run."""
        processes = [post.process for post in self._posts if post.process is not None]
        return [process.pid for process in processes]

    async def _hold(self, post: _Post, number: int) -> None:
        while not self._stopping:
            begun = time.monotonic()
            code = await self._run(post, number)
            if self._stopping:
                return
            if time.monotonic() - begun > _STEADY:
                post.failures = 0
            post.failures += 1
            wait = _LONGEST_WAIT if code == _BAD_SETTING else self.backoff(post.failures)
            logger.error("worker %s ended with %d; the next in %.1f s", post.name, code, wait)
            await asyncio.to_thread(self._on_death, post.name)
            await self._sleep(wait)

    async def _run(self, post: _Post, number: int) -> int:
        post.name = f"local-{number}-{secrets.token_hex(3)}"
        environment = os.environ | self._environment
        environment["TASK2VEC_API_KEY"] = self._key
        environment["TASK2VEC_WORKER_PARENT"] = str(os.getpid())
        arguments = (*self._command, "--url", self._url, "--name", post.name)
        post.process = await asyncio.create_subprocess_exec(
            *arguments,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            # The terminal's Ctrl-C is for the server, which then asks its workers to stop.
            start_new_session=True,
            # The output of the server belongs to the person who started it.
            stdout=sys.stderr.fileno(),
        )
        if self._stopping:
            _signal(post.process, signal.SIGTERM)
        try:
            return await post.process.wait()
        finally:
            post.process = None

    @staticmethod
    def backoff(failures: int) -> float:
        """Return how long to wait after this many failures in a row: 1, 2, 4 ... 60 s."""
        return min(2.0 ** (failures - 1), _LONGEST_WAIT)

    async def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            await asyncio.sleep(0.1)

    def _signal_all(self, number: signal.Signals) -> None:
        for post in self._posts:
            if post.process is not None:
                _signal(post.process, number)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    # It may have ended in this very moment.
    with suppress(ProcessLookupError):
        process.send_signal(number)
