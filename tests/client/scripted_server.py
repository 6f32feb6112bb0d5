"""A small real server on a real port, which misbehaves as it is told."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

DATASET = {
    "id": "dst_1", "name": "food", "bytes": 1, "sha256": "0" * 64, "format": ".tar",
    "images": 6, "classes": 2, "warnings": [],
    "created": "2026-01-01T00:00:00Z", "expires": "2999-01-01T00:00:00Z",
}  # fmt: skip


def job(state: str, *, done: int = 0, error: Any = None, result: Any = None) -> dict[str, Any]:
    return {
        "id": "job_1", "kind": "embed", "state": state, "priority": "normal", "attempts": 1,
        "progress": {"stage": "fisher", "done": done, "total": 3}, "result": result,
        "error": error, "quarantined": False, "batch": None, "name": "food",
        "created": "2026-01-01T00:00:00Z", "started": None, "finished": None,
    }  # fmt: skip


@dataclass
class Far:
    """What the server does, and what it was asked.

    ``refusals`` are the answers to the next requests, None lets one pass.
    ``events`` are sent one a connection has got so far; after ``cut`` of them the line breaks.
    """

    url: str = ""
    refusals: list[tuple[int, dict[str, str]] | None] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    cut: int = 100
    final: dict[str, Any] = field(default_factory=lambda: job("succeeded", done=3))
    known: list[dict[str, Any]] = field(default_factory=list)
    streams: int = 0
    slow: float = 0.0

    def forget(self) -> None:
        """Be as at first."""
        vars(self).update(vars(Far(self.url)))

    async def probes(self, request: Request) -> Response:
        return await self._note(request) or JSONResponse({"probes": []})

    async def datasets(self, request: Request) -> Response:
        if request.method == "GET":
            return await self._note(request) or JSONResponse({"datasets": self.known})
        self.bodies.append(await request.body())
        return await self._note(request) or JSONResponse(DATASET, 201)

    async def job(self, request: Request) -> Response:
        sent = min(self.streams * self.cut, len(self.events))
        over = sent and sent == len(self.events)
        latest = self.events[sent - 1]["job"] if sent else job("running")
        return await self._note(request) or JSONResponse(self.final if over else latest)

    async def stream(self, request: Request) -> Response:
        refusal = await self._note(request)
        if refusal:
            return refusal
        self.streams += 1
        start = int(request.headers.get("last-event-id", 0))

        async def lines() -> AsyncIterator[str]:
            yield ": hello\n\n"
            for number, event in list(enumerate(self.events, 1))[start : start + self.cut]:
                data = JSONResponse({"id": number, **event}).body.decode()
                yield f"id: {number}\nevent: {event['kind']}\ndata: {data}\n\n"
            if start + self.cut < len(self.events):
                raise ConnectionError("cut off")

        return StreamingResponse(lines(), media_type="text/event-stream")

    async def _note(self, request: Request) -> Response | None:
        self.asked.append((request.method, request.url.path, dict(request.headers)))
        await asyncio.sleep(self.slow)
        refusal = self.refusals.pop(0) if self.refusals else None
        if refusal is None:
            return None
        status, headers = refusal
        return JSONResponse(
            {"title": "", "status": status, "code": "overloaded", "detail": "Busy"}, status, headers
        )

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/probes", self.probes),
                Route("/v1/datasets", self.datasets, methods=["GET", "POST"]),
                Route("/v1/jobs/job_1", self.job),
                Route("/v1/jobs/job_1/events", self.stream),
            ]
        )


@contextmanager
def running() -> Iterator[Far]:
    """Run a server in a thread."""
    far = Far()
    config = uvicorn.Config(far.app, port=0, log_level="critical", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    far.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield far
    finally:
        server.should_exit = True
        thread.join(timeout=5)
