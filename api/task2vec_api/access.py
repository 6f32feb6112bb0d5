"""Who calls, and whether the key opens what is asked for."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from task2vec.errors import NotAllowedError
from task2vec.types import Scope


@dataclass(frozen=True)
class Caller:
    """The sender of a request: the bearer of a key, or anybody on this machine.

    ``key`` is the key's id, None without one; what the caller makes belongs to it. ``scopes`` holds
    every scope that the key's own imply. ``crew`` are the server's own workers, whose key is in no
    list.
    """

    key: str | None
    name: str
    scopes: frozenset[Scope]
    crew: bool = False

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
