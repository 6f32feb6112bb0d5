"""Requests to a server: sent, repeated where that can do no harm, and their replies read."""

import random
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import BaseModel

from task2vec.client.backend import pages
from task2vec.client.http.address import Address, credentials, failure, reply_of
from task2vec.client.http.network import Body, Network
from task2vec.client.http.problems import is_unknown, raise_for
from task2vec.client.request import Method, Reply, Request, get, segment, understood
from task2vec.client.upload.payload import Form
from task2vec.errors import InputError, SettingError, UnknownNameError, UnreachableError
from task2vec.messages.models import Model, ModelPage
from task2vec.messages.tasks import Task, TaskListing, TaskPage
from task2vec.types.names import is_name
from task2vec.version import __version__

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

#: Working on an upload, or waiting for the next sign of life of a job, takes the server longer.
PATIENCE = 600.0
_CONNECT_SECONDS = 10.0
#: What a server lets itself be told.
_SHORTEST, _LONGEST = 1.0, 600.0

#: The server, or a proxy before it, is busy, restarting, or has not finished the same request.
_PASSING = frozenset({429, 502, 503})
_LONGEST_PAUSE = 60.0
_REMOVED = 204
_BAD_GATEWAY = 502


@dataclass(frozen=True)
class Retrying:
    """Sends again what may be sent twice, after a pause: all but PATCH, of which a POST has a key.

    The pause before repetition n is drawn evenly from 0 to ``base * 2**n`` seconds (full jitter:
    clients that failed together do not come back together), or is what the server asks for in
    ``Retry-After``. A removal whose reply was lost has succeeded when its repetition finds nothing
    left.
    """

    send: Callable[[Request[Any]], Awaitable[Reply]]
    sleep: Callable[[float], Awaitable[None]]
    tries: int = 5
    base: float = 0.25
    draw: Callable[[float, float], float] = random.uniform

    async def __call__(self, request: Request[Any]) -> Reply:
        """Send a request until there is a reply, at most ``tries`` times."""
        if request.method is Method.POST:
            # By it the server knows a repetition.
            request = request.with_headers(Idempotency_Key=secrets.token_hex(16))
        lost = False
        for attempt in range(1, self.tries + 1):
            final = attempt == self.tries or request.method is Method.PATCH
            pause = 0.0
            try:
                reply = await self.send(request)
            except UnreachableError:
                if final:
                    raise
                lost = True
            else:
                if lost and request.method is Method.DELETE and is_unknown(reply):
                    return replace(reply, status=_REMOVED, content=b"")
                # A proxy says so too when the server broke off after it had done its work.
                lost = lost or reply.status == _BAD_GATEWAY
                wanted = _pause_wanted(reply)
                pause = wanted or 0.0
                passing = reply.status in _PASSING or (reply.status == 409 and wanted is not None)
                if final or not passing or pause > _LONGEST_PAUSE:
                    return reply
            # Never before the time that was asked for, and not all at that very time either.
            await self.sleep(self.draw(0, self.base * 2**attempt) + pause)
        raise AssertionError("unreachable: the last try returns or raises")


class Connection:
    """One server, asked over a network. ``timeout`` is the seconds that one answer may take."""

    def __init__(
        self,
        address: Address,
        network: Network,
        *,
        api_key: str | None,
        timeout: float,
        tries: int,
    ) -> None:
        if tries < 1:
            raise SettingError("A client tries at least once", got=f"tries={tries}")
        # Written so that nan fails too.
        if not timeout > 0:
            raise SettingError(
                "A timeout is too short", expected="above 0 seconds", got=f"{timeout}"
            )
        self.address = address
        self.network = network
        self._timeout = timeout
        self._headers = {
            "User-Agent": f"task2vec/{__version__}",
            "Accept": "application/json",
            **credentials(api_key),
        }
        self._retrying = Retrying(self._send, network.sleep, tries=tries)

    async def ask(self, request: Request[T]) -> T:
        """Return the answer to a request; raises what a refusal stands for."""
        answer, _ = await self.ask_tagged(request)
        return answer

    async def ask_tagged(self, request: Request[T]) -> tuple[T, str]:
        """Return the answer, and its ETag."""
        reply = await self.exchange(request)
        return read(request.kind, reply), reply.headers.get("etag", "")

    async def exchange(self, request: Request[Any]) -> Reply:
        """Return the reply to a request; raises what a refusal stands for."""
        reply = await self._retrying(await self._by_ids(request))
        raise_for(reply)
        return reply

    async def events(self, request: Request[Any]) -> AsyncGenerator[str, None]:
        """Yield the data of server-sent events; raises `ServiceError` where the line breaks."""
        import httpx2

        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        request = replace(request, headers={**headers, **request.headers})
        response = await self._open(request, patient=True)
        try:
            if not response.is_success:
                await self.network.read(response)
                raise_for(reply_of(response))
            async with aclosing(self.network.events(response)) as events:
                async for event in events:
                    yield event.data
        except httpx2.HTTPError as error:
            raise failure(error, self.address, route=request.route) from error
        finally:
            await self.network.leave(response)

    async def _send(self, request: Request[Any]) -> Reply:
        import httpx2

        response = await self._open(request, patient=bool(request.files))
        try:
            await self.network.read(response)
            return reply_of(response)
        except httpx2.HTTPError as error:
            raise failure(error, self.address, route=request.route) from error
        finally:
            await self.network.leave(response)

    async def _open(self, request: Request[Any], *, patient: bool) -> "httpx2.Response":
        import httpx2

        headers = {**self._headers, **request.headers}
        body: Body = None
        if request.files:
            form = Form.of(request.question, request.files)
            headers |= {"Content-Type": form.content_type, "Content-Length": str(form.length)}
            body = form.chunks
        elif request.question is not None and request.method is not Method.GET:
            headers["Content-Type"] = "application/json"
            changes = request.method is Method.PATCH
            body = request.question.model_dump_json(exclude_unset=changes).encode()
        if not patient and _SHORTEST <= self._timeout <= _LONGEST:
            # So that the server does not go on with what nobody waits for.
            headers["Request-Timeout"] = f"{self._timeout:g}"
        words = {
            "method": request.method.value,
            "url": self.address.of(request.path.format(*map(segment, request.names))),
            "params": {name: _plain(value) for name, value in _query_of(request).items()},
            "headers": headers,
            "timeout": httpx2.Timeout(
                PATIENCE if patient else self._timeout,
                connect=min(self._timeout, _CONNECT_SECONDS),
            ),
        }
        try:
            return await self.network.open(words, body)
        except httpx2.HTTPError as error:
            raise failure(error, self.address, route=request.route) from error

    async def _by_ids(self, request: Request[T]) -> Request[T]:
        """Return a request with the id of a task or model whose name no path can hold.

        A name with a slash, or of dots alone, would lead elsewhere. Raises `UnknownNameError` when
        nothing has such a name, `InputError` for a text that nothing is called.
        """
        try:
            for name in request.names:
                segment(name)
        except InputError:
            kind = request.path.split("/")[1]
            if kind not in ("tasks", "models") or not is_name(name):
                raise
            return replace(request, names=(await self._id_of(kind, name),))
        return request

    async def _id_of(self, kind: str, name: str) -> str:
        stored: AsyncGenerator[Task | Model, None] = (
            pages(
                self,
                get(TaskPage, "/tasks", question=TaskListing(name=name)),
                lambda page: page.tasks,
            )
            if kind == "tasks"
            # There are few: the list is read.
            else pages(self, get(ModelPage, "/models"), lambda page: page.models)
        )
        # A server that does not know the filter lists others, too.
        async for each in stored:
            if each.name == name:
                return each.id
        command = "task2vec list" if kind == "tasks" else "task2vec models list"
        raise UnknownNameError(
            f"No {kind[:-1]} has the name or id '{name}'", remedy=f"List all {kind}: `{command}`."
        )


def read(kind: type[T], reply: Reply) -> T:
    """Return the answer of a reply; raises `ServiceError` for another one than was asked for."""
    if issubclass(kind, BaseModel):
        return understood(kind, reply.content, request_id=reply.headers.get("x-request-id"))
    return cast(T, reply.content if kind is bytes else None)


def _query_of(request: Request[Any]) -> Mapping[str, Any]:
    if request.method is not Method.GET or request.question is None:
        return request.query
    return {**request.question.model_dump(mode="json", exclude_none=True), **request.query}


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return list(value) if isinstance(value, tuple | list) else value


def _pause_wanted(reply: Reply) -> float | None:
    try:
        return max(0.0, float(reply.headers["retry-after"]))
    except (KeyError, ValueError):
        return None
