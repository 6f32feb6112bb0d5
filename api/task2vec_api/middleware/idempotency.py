"""A POST that is sent again with its Idempotency-Key is answered again, not done again."""

import hashlib
import re
import time
from collections.abc import Iterable
from dataclasses import replace

from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from task2vec.errors import AnswerNotKeptError, SettingError
from task2vec.messages.outcomes import MOST_OUTCOMES
from task2vec.service.workspace import Workspace
from task2vec.store.sql.idempotency import Idempotency, StoredAnswer, reused
from task2vec.store.sql.requests import for_request
from task2vec.types.names import LONGEST_NAME, LONGEST_PROTOCOL
from task2vec_api.errors import MalformedError, respond
from task2vec_api.logs import logger
from task2vec_api.middleware.headers import header

WORKERS = "/v1/leases"
"""Below it, fences tell what was done already."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# The longest texts of an outcome, in characters of four bytes, and some for all its other fields.
_OF_AN_OUTCOME = 4 * (2 * LONGEST_NAME + LONGEST_PROTOCOL) + 600
# No POST that records or removes something is answered with more: some 40 MB, where mostly it is 3.
_MOST = MOST_OUTCOMES * _OF_AN_OUTCOME
# What may well be answered differently the next time.
_PASSING = frozenset({401, 403, 404, 408, 409, 410, 412, 413, 425, 429})


class IdempotencyKeys:
    """Keeps the answers to POSTs for as long as their keys stand for them.

    The key belongs to the caller. The whole body decides whether a request is the same. An upload
    is hashed while it streams, so a repeated one is read to its end before it is answered again.

    Not kept are answers that say to try again, answers that depend on what is stored, faults of
    the server, and answers to uploads that were not read to their end. In place of an answer that
    is too large, the fact that there was one is kept.
    """

    def __init__(self, app: ASGIApp, *, workspace: Workspace, hours: float) -> None:
        self.app = app
        self._workspace = workspace
        self._keep = hours * 3600.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        key = header(scope, b"idempotency-key") if scope["type"] == "http" else None
        if key is None or scope["method"] != "POST" or scope["path"].startswith(WORKERS):
            await self.app(scope, receive, send)
            return
        if not _KEY.fullmatch(key):
            raise SettingError(
                "The header Idempotency-Key",
                expected="1 to 255 visible ASCII characters",
                got=repr(key[:50]),
            )
        upload: BodyDigest | None = None
        if "body" not in scope["state"]:
            upload = BodyDigest(receive, content_type=header(scope, b"content-type") or "")
        answers = self._workspace.store().idempotency
        owner = scope["state"]["caller"].key or ""
        earlier = await run_in_threadpool(
            answers.begin,
            owner=owner,
            key=key,
            fingerprint=_fingerprint(scope),
            now=time.time(),
            keep=self._keep,
        )
        if earlier is not None:
            if upload is not None and await upload.of_the_rest() != earlier.upload:
                raise reused(key)
            await _replay(earlier)(scope, receive, send)
            return
        attempt = _Attempt(answers, owner=owner, key=key, upload=upload, send=send)
        try:
            with for_request(owner, key):
                await self.app(scope, upload.receive if upload else receive, attempt.send)
        finally:
            await attempt.end()


class BodyDigest:
    """Hashes a body on its way to the application.

    Clients draw a new boundary to repeat a form. So what is hashed is the list of the pieces
    between the delimiters: a line break, two hyphens and the boundary (RFC 2046, section 5.1.1).
    """

    def __init__(self, receive: Receive, *, content_type: str) -> None:
        self._receive = receive
        _, options = parse_options_header(content_type)
        boundary = bytes(options.get(b"boundary", b""))
        self._delimiter = b"\r\n--" + boundary if boundary else b""
        self._pieces = hashlib.sha256()
        self._piece = hashlib.sha256()
        # The end of what came: a delimiter may have begun in it. The first one has no line before.
        self._tail = b"\r\n" if boundary else b""
        self.value: str | None = None
        """The digest in hexadecimal digits, None before the end of the body."""

    async def receive(self) -> Message:
        """Return the next message, hashed."""
        message = await self._receive()
        if message["type"] == "http.request" and self.value is None:
            self._add(message.get("body", b""))
            if not message.get("more_body", False):
                self._end()
        return message

    async def of_the_rest(self) -> str:
        """Read the body to its end, and return the digest.

        Raises:
            MalformedError: when the client left before the end.
        """
        while self.value is None:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise MalformedError("The body was cut off: the client has gone")
        return self.value

    def _add(self, data: bytes) -> None:
        if not self._delimiter:
            self._piece.update(data)
            return
        *whole, last = (self._tail + data).split(self._delimiter)
        for piece in whole:
            self._piece.update(piece)
            self._pieces.update(self._piece.digest())
            self._piece = hashlib.sha256()
        settled = max(0, len(last) - len(self._delimiter) + 1)
        self._piece.update(last[:settled])
        self._tail = last[settled:]

    def _end(self) -> None:
        self._piece.update(self._tail)
        self._pieces.update(self._piece.digest())
        self.value = self._pieces.hexdigest()


class _Attempt:
    """Holds an answer back until it is stored."""

    def __init__(
        self,
        answers: Idempotency,
        *,
        owner: str,
        key: str,
        upload: BodyDigest | None,
        send: Send,
    ) -> None:
        self._answers = answers
        self._owner = owner
        self._key = key
        self._upload = upload
        self._send = send
        self._held: list[Message] = []
        self._size = 0
        self._large: int | None = None
        self._passing = False
        self._refused = False
        self._kept = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            status = message["status"]
            # Without the whole upload nobody could tell later whether it is the same.
            cut = self._upload is not None and self._upload.value is None
            self._refused = status in _PASSING or (cut and 400 <= status < 500)
            self._passing = self._refused or cut or status >= 500
        if self._passing:
            await self._send(message)
            return
        self._held.append(message)
        self._size += len(message.get("body", b""))
        if self._size > _MOST and self._large is None:
            self._large = self._held[0]["status"]
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            await self._keep(self._answer() if self._large is None else _not_kept(self._large))
            await self._release()
        elif self._large is not None:
            await self._release()

    async def end(self) -> None:
        """Free the key when no answer was kept and nothing was done."""
        if self._kept:
            return
        end = self._answers.abandon if self._refused else self._answers.interrupt
        try:
            await run_in_threadpool(end, owner=self._owner, key=self._key)
        except Exception:
            # It stays taken until the server starts again, and its request stays unanswered.
            logger.exception("an idempotency key could not be freed")

    def _answer(self) -> StoredAnswer:
        start = self._held[0]
        body = b"".join(message.get("body", b"") for message in self._held[1:])
        return StoredAnswer(start["status"], _texts(start["headers"]), body)

    async def _keep(self, answer: StoredAnswer) -> None:
        if self._upload is not None:
            answer = replace(answer, upload=self._upload.value)
        try:
            await run_in_threadpool(
                self._answers.finish, owner=self._owner, key=self._key, answer=answer
            )
        except Exception:
            # What was asked for is done: say so, though it could not be said a second time.
            logger.exception("an answer could not be kept for its idempotency key")
        else:
            self._kept = True

    async def _release(self) -> None:
        held, self._held = self._held, []
        for message in held:
            await self._send(message)


def _not_kept(status: int) -> StoredAnswer:
    """Return what is kept in place of an answer that is too large."""
    done = status < 400
    response = respond(
        AnswerNotKeptError(
            f"The first request with this Idempotency-Key was {'done' if done else 'refused'}, "
            f"with status {status}; its answer was too large to be kept",
            remedy="Look up what it did, and do not ask for it again." if done else None,
        )
    )
    return StoredAnswer(response.status_code, _texts(response.raw_headers), bytes(response.body))


def _texts(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _fingerprint(scope: Scope) -> str:
    """Return the digest of all that tells requests apart, save the body of an upload."""
    body: bytes | None = scope["state"].get("body")
    content_type = (header(scope, b"content-type") or "").partition(";")[0]
    parts = [scope["method"].encode(), scope["raw_path"], scope["query_string"]]
    if body is None:
        parts += [b"upload", content_type.encode()]
    else:
        parts += [b"body", content_type.encode(), body]
    # Each part's length before it, so that no two requests run together to the same bytes.
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in parts)).hexdigest()


def _replay(answer: StoredAnswer) -> Response:
    response = Response(answer.body, status_code=answer.status)
    response.raw_headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers
    ]
    response.headers["Idempotency-Replayed"] = "true"
    return response
