"""Who calls, and whether the key opens what is asked for."""

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant

from task2vec.errors import NotAllowedError
from task2vec.types import Scope
from task2vec_api.front import OPEN
from task2vec_api.route_lookup import routes_of

PUBLIC = frozenset({"/livez", "/readyz"}) | OPEN
"""Needs no key: whether the server is well, what it is, and how it is called."""


@dataclass(frozen=True)
class Caller:
    """The sender of a request: the bearer of a key, or anybody on this machine.

    ``key`` is the key's id, None without one; what the caller makes belongs to it. ``scopes`` holds
    every scope that the key's own imply; ``expires`` is in seconds since 1970. An ``own_worker``
    was started by this server: its key is in no list.
    """

    key: str | None
    name: str
    scopes: frozenset[Scope]
    expires: float | None = None
    own_worker: bool = False

    @property
    def admin(self) -> bool:
        """Whether the caller may do everything."""
        return Scope.ADMIN in self.scopes


ANYBODY = Caller(key=None, name="anonymous", scopes=frozenset(Scope))
"""Anybody on this machine, on a server that asks for no key."""


class Require:
    """A dependency that lets callers in whose key has one of ``scopes``; returns the `Caller`.

    Raises `NotAllowedError` for others. Requests without a valid key never come this far.
    """

    def __init__(self, *scopes: Scope) -> None:
        self.scopes = frozenset(scopes)

    async def __call__(self, request: Request) -> Caller:
        """Check the request's caller."""
        return self.check(request.scope["state"])

    def check(self, state: MutableMapping[str, Any]) -> Caller:
        """Check the caller in the state of a request, and note there what was asked for."""
        caller: Caller = state["caller"]
        state["required"] = self.scopes
        if self.scopes & caller.scopes:
            return caller
        needed = " or ".join(sorted(scope.value for scope in self.scopes))
        has = ", ".join(sorted(scope.value for scope in caller.scopes)) or "none"
        raise NotAllowedError(
            "This key does not open this",
            expected=f"a key with the scope {needed}",
            got=f"one with {has}",
            remedy="Ask the operator of the server: `task2vec keys create NAME --scope SCOPE`.",
        )


def require(*scopes: Scope) -> Require:
    """Return the dependency for callers with any one of ``scopes``."""
    return Require(*scopes)


def locks_of(dependant: Dependant) -> Iterator[Require]:
    """Return every `Require` among the dependencies of a route."""
    for inner in dependant.dependencies:
        if isinstance(inner.call, Require):
            yield inner.call
        yield from locks_of(inner)


def check_protected(app: FastAPI) -> None:
    """Raise `RuntimeError` for a route that is not public and does not say who may use it."""
    for route in routes_of(app):
        if route.path in PUBLIC:
            continue
        if len(list(locks_of(route.dependant))) != 1:
            raise RuntimeError(
                f"{sorted(route.methods or ())} {route.path} needs exactly one require(...)"
            )


Reader = Annotated[Caller, Depends(require(Scope.READ))]
"""Reads, and asks questions that change nothing."""

Writer = Annotated[Caller, Depends(require(Scope.WRITE))]
"""Uploads, embeds, edits, removes."""

Admin = Annotated[Caller, Depends(require(Scope.ADMIN))]
"""Changes what everybody's answers rest on."""

Worker = Annotated[Caller, Depends(require(Scope.WORK))]
"""Takes jobs and hands in what came out."""

ReaderOrWorker = Annotated[Caller, Depends(require(Scope.READ, Scope.WORK))]
"""Downloads what jobs work on."""

Bearer = Annotated[Caller, Depends(require(*Scope))]
"""Has any valid key where one is asked for."""
