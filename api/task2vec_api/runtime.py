"""What the requests of one app share."""

import asyncio
from math import inf
from time import monotonic
from typing import Annotated

from fastapi import Depends, Request

from task2vec.service.workspace import Workspace
from task2vec_api.audit_log import AuditLog
from task2vec_api.computing import Computing
from task2vec_api.job_notifier import Bell
from task2vec_api.key_authentication import KeyAuthentication
from task2vec_api.metrics import Metrics
from task2vec_api.parsing_turns import ParsingTurns
from task2vec_api.rate_limit import RateLimit
from task2vec_api.settings import Settings
from task2vec_api.worker_registry import Presence


class Runtime:
    """The collaborators of one app; `task2vec_api.app.create_app` makes it.

    ``draining`` is set when the server was told to stop: streams end, nobody waits any longer, no
    work is handed out. ``indexed`` tells whether every index has been loaded.
    """

    def __init__(self, workspace: Workspace, settings: Settings) -> None:
        self.workspace = workspace
        self.settings = settings
        self.bell = Bell()
        self.presence = Presence()
        self.keys = KeyAuthentication(settings)
        self.rate_limit = RateLimit(settings)
        self.parsing = ParsingTurns(settings)
        self.computing = Computing(settings)
        self.audit_log = AuditLog(workspace)
        self.metrics = Metrics()
        self.draining = asyncio.Event()
        self.indexed = False
        self._ends = inf

    def drain(self) -> None:
        """Begin to stop, `drain_seconds` from now at the latest: from the loop's thread only."""
        self._ends = min(self._ends, monotonic() + self.settings.drain_seconds)
        self.draining.set()
        self.bell.ring()

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
