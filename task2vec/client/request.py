"""What is asked of a backend, and what a server replies, without any transport."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from task2vec.errors import InputError, ServiceError

if TYPE_CHECKING:
    from task2vec.client.upload.payload import Payload

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


class Method(StrEnum):
    """What a request does."""

    GET = "GET"
    POST = "POST"
    PATCH = "PATCH"
    DELETE = "DELETE"


@dataclass(frozen=True)
class Request(Generic[T]):
    """A question, and what its answer is: a message, bytes, or None.

    ``path`` has a ``{}`` for each of ``names``: the names or ids that it is about. A ``question``
    is sent as JSON, as the fields of a form with ``files``, or where nothing is changed, in the
    query.
    """

    method: Method
    path: str
    kind: type[T]
    names: tuple[str, ...] = ()
    query: Mapping[str, Any] = field(default_factory=dict)
    question: BaseModel | None = None
    files: Mapping[str, "Payload"] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, **headers: str) -> "Request[T]":
        """Return the request with headers added; ``_`` stands for ``-``."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def asking(self, question: BaseModel) -> "Request[T]":
        """Return the request with another question."""
        return replace(self, question=question)

    @property
    def route(self) -> str:
        """The method and the path, as a server documents them."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Reply:
    """What a server replied; the names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def get(
    kind: type[T], path: str, /, *names: str, question: BaseModel | None = None, **query: Any
) -> Request[T]:
    """Return a question; arguments that are None, False or empty are left out."""
    given = {name: value for name, value in query.items() if value not in (None, False, (), [])}
    return Request(Method.GET, path, kind, names, query=given, question=question)


def fetch(path: str, *names: str, accept: str | None = None, **query: Any) -> Request[bytes]:
    """Return a question whose answer is a file; ``accept`` says of which type."""
    request = get(bytes, path, *names, **query)
    return request if accept is None else request.with_headers(Accept=accept)


def post(
    kind: type[T], path: str, *names: str, question: BaseModel | None = None, **files: "Payload"
) -> Request[T]:
    """Return an order."""
    return Request(Method.POST, path, kind, names, question=question, files=files)


def patch(kind: type[T], path: str, *names: str, question: BaseModel) -> Request[T]:
    """Return a change. What ``question`` was not given stays as it is."""
    return Request(Method.PATCH, path, kind, names, question=question)


def delete(path: str, *names: str, **query: Any) -> Request[None]:
    """Return an order to remove."""
    given = {name: value for name, value in query.items() if value}
    return Request(Method.DELETE, path, type(None), names, query=given)


def understood(kind: type[M], content: Any, *, request_id: str | None = None) -> M:
    """Return what a server said, as JSON or as a mapping.

    Raises `ServiceError` where it is something else than was asked for.
    """
    try:
        if isinstance(content, str | bytes):
            return kind.model_validate_json(content)
        return kind.model_validate(content)
    except ValidationError as faulty:
        # Its words name fields of the wire and show the whole answer.
        shown = content if isinstance(content, str | bytes) else repr(content)
        shown = shown.decode(errors="replace") if isinstance(shown, bytes) else shown
        error = ServiceError(
            "The server answered something else than was asked for",
            expected=f"a {kind.__name__}",
            got=shown[:200].strip() or "an empty answer",
            remedy="Check that the address is that of a task2vec server, and of which version.",
        )
        error.request_id = request_id
        raise error from faulty


def plain_of(data: Any) -> Any:
    """Return what JSON holds of messages and records; nan and infinity are null."""
    if isinstance(data, BaseModel):
        return plain_of(data.model_dump(mode="json"))
    if is_dataclass(data) and not isinstance(data, type):
        return plain_of(asdict(data))
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {key: plain_of(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plain_of(value) for value in data]
    return data


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
