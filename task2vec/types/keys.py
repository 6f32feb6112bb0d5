"""Keys: who may use the service, for what, and how much."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from task2vec.errors import SettingError


class Scope(StrEnum):
    """What a key opens. Write implies read; admin implies all."""

    READ = "read"
    WRITE = "write"
    WORK = "work"
    ADMIN = "admin"

    @property
    def implied(self) -> frozenset["Scope"]:
        """This scope and those it includes."""
        match self:
            case Scope.ADMIN:
                return frozenset(Scope)
            case Scope.WRITE:
                return frozenset({Scope.WRITE, Scope.READ})
            case _:
                return frozenset({self})


def all_implied(scopes: Iterable[Scope]) -> frozenset[Scope]:
    """Return everything that any of the scopes includes."""
    return frozenset(found for scope in scopes for found in scope.implied)


@dataclass(frozen=True)
class KeyRecord:
    """A key as it is stored: its secret's SHA-256, never the secret.

    ``requests_per_minute`` and ``concurrent_requests`` None stand for the server's defaults.
    ``expires`` is in seconds since 1970, None for never.
    """

    id: str
    name: str
    sha256: str
    scopes: frozenset[Scope]
    requests_per_minute: int | None = None
    concurrent_requests: int | None = None
    created: str = ""
    expires: float | None = None
    revoked: str | None = None

    def __post_init__(self) -> None:
        if not self.scopes:
            raise SettingError("A key without scopes opens nothing", expected="at least one scope")
        for value in (self.requests_per_minute, self.concurrent_requests):
            if value is not None and value < 1:
                raise SettingError("A limit of a key", expected="1 or more", got=str(value))

    def active(self, now: float) -> bool:
        """Whether it opens anything at ``now`` (seconds since 1970)."""
        return self.revoked is None and (self.expires is None or now < self.expires)
