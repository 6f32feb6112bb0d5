"""Multipart forms that are taken apart as they arrive, without being held in memory.

Starlette's own parser keeps files in the machine's temporary folder, which need not have room, and
from which they would have to be copied into the store.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from task2vec.errors import InputError
from task2vec.service.uploads import Upload, begin_upload
from task2vec.service.workspace import Workspace
from task2vec_api.errors import MalformedError

# What is written at once: every step takes a change of threads.
_PIECE = 2**20
_MOST_FIELD_BYTES = 2**16
_CHOICES = {"true": True, "1": True, "false": False, "0": False}

BINARY = {"type": "string", "format": "binary"}
"""The schema of a file."""


def form_body(schema: Mapping[str, Any], *, example: Mapping[str, Any], **more: Any) -> Any:
    """Describe a body that is a form, in the words of OpenAPI."""
    form = {"schema": {"type": "object", "additionalProperties": False, **schema}, **more}
    content = {"multipart/form-data": {**form, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


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


class FilePart:
    """The one file that a field of a form may hold."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        self.ended = False

    def write(self, data: memoryview) -> None:
        """Append to the file."""
        self.upload.write(data)

    def end(self) -> None:
        """Bring the file to disk."""
        self.upload.close()
        self.ended = True


class UploadForm(ExitStack):
    """Takes in the fields of a form as they come; leaving it removes what was not taken over.

    ``texts`` says how often each field of text may come, ``files`` how the file of each other field
    ends in the store. ``fields`` says the same to people.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        largest: int,
        fields: str,
        texts: Mapping[str, int],
        files: Mapping[str, str],
        longest_text: int = _MOST_FIELD_BYTES,
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._largest = largest
        self._fields = fields
        self._texts: dict[str, list[TextPart]] = {name: [] for name in texts}
        self._most = texts
        self._longest_text = longest_text
        self._suffixes = files
        self._files: dict[str, FilePart] = {}

    def open(self, field: str, filename: str | None) -> Part:
        """Give a part its place; raises `InputError` for one that does not belong there."""
        if filename is None and len(self._texts.get(field, ())) < self._most.get(field, 0):
            part = TextPart(largest=self._longest_text)
            self._texts[field].append(part)
            return part
        if filename is not None and field in self._suffixes:
            return self.open_file(field, filename)
        raise self.refused(field)

    def refused(self, field: str) -> InputError:
        """Return the error for a field that does not belong there."""
        return InputError(
            "The form has a field that does not belong there",
            expected=self._fields,
            got=repr(field[:100]),
        )

    def open_file(self, field: str, filename: str) -> Part:
        """Give a file its place; raises `InputError` for a second one in its field."""
        del filename
        if field in self._files:
            raise InputError("The form holds several files where one is expected")
        self._files[field] = FilePart(self.begin_upload(self._suffixes[field]))
        return self._files[field]

    def begin_upload(self, suffix: str = ".partial") -> Upload:
        """Begin a file of the store that goes with the form."""
        upload = begin_upload(self._workspace, largest=self._largest, suffix=suffix)
        return self.enter_context(upload)

    def texts(self, field: str) -> tuple[str, ...]:
        """Return what a field of text said, each time that it came."""
        return tuple(part.value or "" for part in self._texts[field])

    def text(self, field: str) -> str | None:
        """Return what a field of text said last, None where it did not come."""
        return self.texts(field)[-1] if self._texts[field] else None

    def flag(self, field: str, default: bool) -> bool:
        """Return a choice. Raises `InputError` for a text that is none."""
        text = self.text(field)
        if text is None:
            return default
        if text.lower() not in _CHOICES:
            raise InputError(
                f"The field {field} is a choice", expected="true or false", got=repr(text[:100])
            )
        return _CHOICES[text.lower()]

    def file(self, field: str) -> Upload:
        """Return a file that is whole. Raises `InputError` when none came."""
        part = self._files.get(field)
        if part is None or not part.ended:
            raise InputError(
                f"The form holds no file in its field '{field}'", expected="a file of that name"
            )
        return part.upload

    def files(self) -> dict[str, Path]:
        """Return the files that came, by the field of the form."""
        return {field: self.file(field).path for field in self._files}


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
