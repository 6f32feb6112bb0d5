"""Reading the headers of a request."""

import math

from starlette.types import Scope

from task2vec.errors import SettingError
from task2vec_api.route_lookup import route_of, takes


def header(scope: Scope, name: bytes) -> str | None:
    """Return the first header of this (lower-case) name, None without one."""
    for each, value in scope["headers"]:
        if each == name:
            return str(value.decode("latin-1"))
    return None


# What stands for the whole request: of two, some programs read the first and others the last.
_ONCE = (b"host", b"authorization", b"content-type", b"idempotency-key", b"request-timeout")
_PLAIN = frozenset({"", "identity"})


def check_heads(scope: Scope) -> None:
    """Raise `SettingError` for headers that say two things, or that the body is compressed."""
    names = [name for name, _ in scope["headers"] if name in _ONCE]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SettingError(
            f"The header {twice.decode().title()}",
            expected="once at most",
            got=f"{names.count(twice)} of them",
        )
    encoding = (header(scope, b"content-encoding") or "").strip().lower()
    if encoding not in _PLAIN:
        raise SettingError(
            "The header Content-Encoding",
            expected="none: bodies are taken as they come",
            got=repr(encoding[:50]),
            remedy="Send the body uncompressed; archives are compressed already.",
        )


def is_upload(scope: Scope) -> bool:
    """Whether the body is a file, or several, to be taken as it comes.

    The route decides: the type alone says what the client likes.
    """
    kind = (header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    if not kind.startswith("multipart/") and kind != "application/octet-stream":
        return False
    route = route_of(scope["app"], scope["method"], scope["path"])
    return route is not None and takes(route, kind)


def wish(scope: Scope, preference: str) -> float | None:
    """Return the number that a Prefer header gives, such as ``wait=5``; None without one."""
    for part in (header(scope, b"prefer") or "").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == preference:
            try:
                number = float(value)
            except ValueError:
                return None
            return number if math.isfinite(number) else None
    return None
