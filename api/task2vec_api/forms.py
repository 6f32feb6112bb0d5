"""Multipart forms that are taken apart as they arrive, without being held in memory.

Starlette's own parser keeps files in the machine's temporary folder, which need not have room, and
from which they would have to be copied into the store.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, Self

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from task2vec.errors import InputError
from task2vec.service.uploads import Upload
from task2vec_api.errors import MalformedError

# What is written at once: every step takes a change of threads.
_PIECE = 2**20
_MOST_FIELD_BYTES = 2**16


class Part(Protocol):
    """Takes in one part of a form."""

    def write(self, data: memoryview) -> None:
        """Take in the next bytes."""

    def end(self) -> None:
        """Take note that there are no more."""


#: Gives a part its place by the names of its field and of its file, if it has one.
Opener = Callable[[str, str | None], Part]


class TextPart:
    """A field of text; ``value`` once it has ended."""

    def __init__(self, *, largest: int = _MOST_FIELD_BYTES) -> None:
        self._largest = largest
        self._data = bytearray()
        self.value: str | None = None

    def write(self, data: memoryview) -> None:
        """Append. Raises `InputError` for more than a field of text ever holds."""
        if len(self._data) + len(data) > self._largest:
            raise InputError(
                "A field of the form is too long", expected=f"at most {self._largest:,} bytes"
            )
        self._data += data

    def end(self) -> None:
        """Decode. Raises `InputError` for what is no UTF-8."""
        try:
            self.value = self._data.decode()
        except UnicodeDecodeError as error:
            raise InputError("A field of the form is no text in UTF-8", got=str(error)) from error


class UploadPart:
    """The one file that a field of a form may hold."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self._begun = self._ended = False

    def begin(self) -> Self:
        """Begin the file. Raises `InputError` for a second one."""
        if self._begun:
            raise InputError("The form holds several files where one is expected")
        self._begun = True
        return self

    def write(self, data: memoryview) -> None:
        """Append to the file."""
        self.upload.write(data)

    def end(self) -> None:
        """Bring the file to disk."""
        self.upload.close()
        self._ended = True

    def complete(self, field: str) -> Path:
        """Return the file. Raises `InputError` when none came."""
        if not self._ended:
            raise InputError(
                f"The form holds no file in its field '{field}'", expected="a file of that name"
            )
        return self.upload.path


async def receive_form(request: Request, opener: Opener) -> None:
    """Take a form apart while it arrives; ``opener`` and its parts run in a thread.

    Raises:
        MalformedError: for what is no form, or was cut off.
        HTTPException: 415 for another content type.
    """
    form = _Form(request.headers.get("content-type", ""), opener)
    waiting = bytearray()
    try:
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _PIECE:
                await run_in_threadpool(form.feed, bytes(waiting))
                waiting.clear()
    except ClientDisconnect as error:
        raise MalformedError("The form was cut off: the client has gone") from error
    await run_in_threadpool(form.feed, bytes(waiting))
    form.finish()


def is_form(request: Request) -> bool:
    """Whether a request's content type is that of a form with files."""
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


class _Form:
    def __init__(self, content_type: str, opener: Opener) -> None:
        kind, options = parse_options_header(content_type.encode("latin-1"))
        if kind != b"multipart/form-data":
            raise HTTPException(415, "A form is expected: multipart/form-data.")
        if not options.get(b"boundary"):
            raise MalformedError("The form states no boundary between its parts")
        self._opener = opener
        self._part: Part | None = None
        self._field, self._value = bytearray(), bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._ended = False
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._headers.clear,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
            )
        except FormParserError as error:
            raise MalformedError("The boundary of the form cannot be used") from error

    def feed(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise MalformedError("The body is no valid form", got=str(error)) from error

    def finish(self) -> None:
        if not self._ended:
            raise MalformedError("The form was cut off", expected="a closing boundary")

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        if b"name" not in options:
            raise MalformedError("A part of the form has no name")
        file = options.get(b"filename")
        self._part = self._opener(_text(options[b"name"]), None if file is None else _text(file))

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        assert self._part is not None, "headers come before data"
        self._part.write(memoryview(data)[start:end])

    def _on_part_end(self) -> None:
        assert self._part is not None, "headers come before the end"
        self._part.end()
        self._part = None

    def _on_end(self) -> None:
        self._ended = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MalformedError("A name in the form is no text in UTF-8") from error
