"""A server's side of the wire, as a function: what it was sent, and what it answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from task2vec.client.http.address import Address
from task2vec.messages.leases import Lease
from task2vec.worker.server import Server

LEASE = Lease.model_validate(
    {
        "job": "job_1",
        "fence": 3,
        "kind": "embed",
        "payload": {},
        "seconds": 1.0,
        "expires": "2026-01-01T00:00:00Z",
    }
)
PULSE = {"cancel": False, "expires": "2026-01-01T00:00:01Z"}

Reply = Callable[[httpx2.Request], httpx2.Response]


@dataclass
class Recorded:
    """Answers by the end of the path, and keeps what was asked."""

    replies: dict[str, Reply]
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        body = request.read()
        form = request.headers.get("content-type", "").startswith("multipart")
        self.asked.append((request.url.path, body if form or not body else json.loads(body)))
        verb = request.url.path.rpartition(":")[2].rpartition("/")[2]
        return self.replies[verb](request)

    def of(self, verb: str) -> list[Any]:
        """The bodies that were sent to a verb."""
        return [body for path, body in self.asked if path.endswith(verb)]


def answer(body: Any = None, status: int = 200, **headers: str) -> Reply:
    return lambda _: httpx2.Response(status, json=body, headers=headers)


def refusal(status: int, code: str, **headers: str) -> Reply:
    problem = {"title": code, "status": status, "code": code, "detail": f"It is {code}."}
    return answer(problem, status, **headers)


def server(**replies: Reply) -> tuple[Server, Recorded]:
    """Return a client of a server that answers so."""
    recorded = Recorded(replies)
    transport = httpx2.MockTransport(recorded)
    return Server(Address("http://far.example"), api_key="secret", transport=transport), recorded
