"""What goes to a server and what comes back, without any transport."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from task2vec.errors import InputError, ServiceError

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

JSON = "application/json"


class Method(StrEnum):
    """What a request does."""

    GET = "GET"
    POST = "POST"
    PATCH = "PATCH"
    DELETE = "DELETE"


class Body(Protocol):
    """Bytes to send, of a known ``length``; ``chunks`` begins anew each time it is called."""

    @property
    def length(self) -> int:
        """How many bytes there are."""
        ...

    @property
    def content_type(self) -> str:
        """What they are."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in pieces of moderate size."""
        ...


@dataclass(frozen=True)
class Answer:
    """A server's answer; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Request(Generic[T]):
    """A request, and how its answer is read; ``path`` is below the server's address.

    ``patient``: the answer may take longer than that of others, since the server works first.
    """

    method: Method
    path: str
    read: Callable[[Answer], T]
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Body | None = None
    patient: bool = False

    def with_headers(self, **headers: str) -> "Request[T]":
        """Return the request with headers added; ``_`` stands for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})


def get(path: str, answer: type[M], **query: Any) -> Request[M]:
    """Return a question; arguments that are None, False or empty are left out."""
    asked = {name: value for name, value in query.items() if value not in (None, False, (), [])}
    return Request(Method.GET, path, reader(answer), query=asked)


def post(path: str, answer: type[M], question: BaseModel | None = None) -> Request[M]:
    """Return an order with a body."""
    return _with_body(Method.POST, path, reader(answer), question)


def patch(path: str, answer: type[M], question: BaseModel) -> Request[M]:
    """Return a change. What ``question`` was not told stays as it is."""
    return _with_body(Method.PATCH, path, reader(answer), question)


def delete(path: str, **query: Any) -> Request[None]:
    """Return an order to remove."""
    asked = {name: value for name, value in query.items() if value}
    return Request(Method.DELETE, path, lambda _: None, query=asked)


def reader(model: type[M]) -> Callable[[Answer], M]:
    """Return what reads the JSON of an answer, or raises `ServiceError`."""
    return lambda answer: understood(
        model, answer.content, request_id=answer.headers.get("x-request-id")
    )


def understood(model: type[M], content: Any, *, request_id: str | None = None) -> M:
    """Return what a server said, as JSON or as a mapping.

    Raises `ServiceError` where it is something else than was asked for.
    """
    try:
        if isinstance(content, str | bytes):
            return model.model_validate_json(content)
        return model.model_validate(content)
    except ValidationError as faulty:
        # Its words name fields of the wire and show the whole answer.
        shown = content if isinstance(content, str | bytes) else repr(content)
        shown = shown.decode(errors="replace") if isinstance(shown, bytes) else shown
        error = ServiceError(
            "The server answered something else than was asked for",
            expected=f"a {model.__name__}",
            got=shown[:200].strip() or "an empty answer",
            remedy="Check that the address is that of a task2vec server, and of which version.",
        )
        error.request_id = request_id
        raise error from faulty


def segment(name: str) -> str:
    """Return a name as one part of a path.

    Raises `InputError` for one that would lead elsewhere: servers and proxies resolve dots, and
    read an escaped slash as a slash.
    """
    if name in ("", ".", "..") or "/" in name or not _encodable(name):
        raise InputError(
            "This cannot be asked for by its name",
            expected="an id, or a name without slashes that is not '.' or '..'",
            got=repr(name[:200]),
            remedy="Use its id: `task2vec list --json` and the client's `list` methods give it.",
        )
    return quote(name, safe="")


def _encodable(text: str) -> bool:
    # Names of files may hold bytes that are no UTF-8: lone surrogates.
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _with_body(
    method: Method, path: str, read: Callable[[Answer], T], question: BaseModel | None
) -> Request[T]:
    if question is None:
        return Request(method, path, read)
    data = question.model_dump(mode="json", exclude_unset=method is Method.PATCH)
    body = json.dumps(data, ensure_ascii=False).encode()
    return Request(method, path, read, headers={"Content-Type": JSON}, body=body)
