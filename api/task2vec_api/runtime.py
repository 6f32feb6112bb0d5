"""What the requests of one app share."""

import asyncio
from collections.abc import Awaitable, Callable
from math import inf
from threading import Event
from time import monotonic
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from task2vec.service.workspace import Workspace
from task2vec.types import JobKind
from task2vec_api.audit_log import AuditLog
from task2vec_api.computing import Computing
from task2vec_api.job_notifier import JobNotifier
from task2vec_api.key_authentication import KeyAuthentication
from task2vec_api.metrics import Metrics
from task2vec_api.rate_limit import RateLimit
from task2vec_api.settings import Settings
from task2vec_api.turnstile import ParsingTurns
from task2vec_api.worker_registry import WorkerRegistry

P = ParamSpec("P")
T = TypeVar("T")

LOOK_AGAIN = 1.0
"""Seconds after which those who wait look again: what is due by the clock alone notifies nobody."""

MARGIN = 0.2
"""Seconds before its deadline at which a request that waits is answered."""


class Runtime:
    """The collaborators of one app; `task2vec_api.app.create_app` makes it.

    ``draining`` is set when the server was told to stop: streams end, nobody waits any longer, no
    work is handed out. ``woken`` tells those who do a kind of job in this process that there is a
    new one. ``indexed`` tells whether every index has been loaded.
    """

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self.workspace = workspace
        self.settings = settings
        self.notifier = JobNotifier()
        self.workers = WorkerRegistry()
        self.keys = KeyAuthentication(settings)
        self.rate_limit = RateLimit(settings)
        self.parsing = ParsingTurns(settings)
        self.computing = Computing(settings)
        self.audit_log = AuditLog(workspace)
        self.metrics = Metrics()
        self.draining = asyncio.Event()
        self.woken: dict[JobKind, Event] = {}
        self.indexed = False
        self._ends = inf

    def drain(self) -> None:
        """Begin to stop, `drain_seconds` from now at the latest: from the loop's thread only."""
        self._ends = min(self._ends, monotonic() + self.settings.drain_seconds)
        self.draining.set()
        self.notifier.notify()

    async def change(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call what changes jobs, in a thread; wake those who wait for a change."""
        changed = await run_in_threadpool(function, *args, **kwargs)
        self.notifier.notify()
        return changed

    async def first(self, look: Callable[[], Awaitable[T | None]], *, until: float) -> T | None:
        """Return the first thing that ``look`` sees, None where there is none in time.

        It looks at once, whenever jobs change, and every second, until ``until`` of the monotonic
        clock, and not at all on a server that stops.
        """
        while not self.draining.is_set():
            listening = self.notifier.listen()
            seen = await look()
            left = until - monotonic()
            if seen is not None or left <= 0:
                listening.cancel()
                return seen
            await self.notifier.notified(listening, min(left, LOOK_AGAIN))
        return None

    @property
    def seconds_left(self) -> float:
        """How long what is still at work may go on; infinite before `drain`."""
        return max(0.0, self._ends - monotonic())


async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _workspace(request: Request) -> Workspace:
    runtime: Runtime = request.app.state.runtime
    return runtime.workspace


TheRuntime = Annotated[Runtime, Depends(_runtime)]
"""For an endpoint: the app's `Runtime`."""

TheWorkspace = Annotated[Workspace, Depends(_workspace)]
"""For an endpoint: the workspace with the server's open store."""
