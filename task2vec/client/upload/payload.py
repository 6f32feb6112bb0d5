"""What is uploaded of a source, with the hash by which the server may know it, and as a form."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from task2vec.client.upload.parts import CHUNK, Part, tar_chunks, tar_length
from task2vec.errors import SourceError

OnBytes = Callable[[int, int], None]
"""Given how many bytes have been handed to the network, and how many there are."""

_COUNTED_EVERY = 64 * 1024


@dataclass(frozen=True)
class Payload:
    """``suffix`` tells the server how to read it; ``sha256`` is over all its bytes.

    Its bytes are read anew each time, so that no more than a piece is in memory.
    """

    name: str
    suffix: str
    length: int
    sha256: str
    chunks: Callable[[], Iterator[bytes]]

    @classmethod
    def of_file(cls, path: Path, *, name: str, suffix: str) -> "Payload":
        """Return an archive as it is; reads it once."""
        return cls.of(
            lambda: _file_chunks(path), length=path.stat().st_size, name=name, suffix=suffix
        )

    @classmethod
    def of_parts(cls, parts: list[Part], *, name: str) -> "Payload":
        """Return files as one uncompressed tar; reads them once."""
        return cls.of(lambda: tar_chunks(parts), length=tar_length(parts), name=name, suffix=".tar")

    @classmethod
    def of(
        cls, chunks: Callable[[], Iterator[bytes]], *, length: int, name: str, suffix: str
    ) -> "Payload":
        """Return what ``chunks`` yields; goes through it once for the hash."""
        digest = sha256()
        for chunk in chunks():
            digest.update(chunk)
        return cls(name, suffix, length, digest.hexdigest(), chunks)

    def counted(self, progress: OnBytes) -> "Payload":
        """Return the same, which tells ``progress`` as it is sent, every 64 KiB or more rarely."""

        def chunks() -> Iterator[bytes]:
            done = last = 0
            progress(0, self.length)
            for chunk in self.chunks():
                yield chunk
                done += len(chunk)
                # The pieces of a tar may be a few bytes.
                if done - last >= _COUNTED_EVERY or last < done == self.length:
                    last = done
                    progress(done, self.length)

        return replace(self, chunks=chunks)


def _file_chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise SourceError(
            f"{path} cannot be read", got=(error.strerror or str(error)).lower()
        ) from error


@dataclass(frozen=True)
class Form:
    """Fields, then one file under the name ``file_field``; its length is known beforehand."""

    payload: Payload
    fields: tuple[tuple[str, str], ...] = ()
    file_field: str = "file"

    @classmethod
    def of(cls, question: BaseModel | None, files: Mapping[str, Payload]) -> "Form":
        """Return a form with the fields of a question that are not at their defaults."""
        given = {} if question is None else question.model_dump(mode="json", exclude_defaults=True)
        fields = tuple((name, text) for name, value in given.items() for text in _texts(value))
        ((file_field, payload),) = files.items()
        return cls(payload, fields, file_field)

    @property
    def boundary(self) -> str:
        """What stands between the parts: the same whenever the file is."""
        # No file holds its own hash.
        return self.payload.sha256[:32]

    @property
    def content_type(self) -> str:
        """The content type, which names the boundary."""
        return f"multipart/form-data; boundary={self.boundary}"

    @property
    def length(self) -> int:
        """How many bytes `chunks` yields."""
        return len(self._head()) + self.payload.length + len(self._tail())

    def chunks(self) -> Iterator[bytes]:
        """Yield the form from its beginning."""
        yield self._head()
        yield from self.payload.chunks()
        yield self._tail()

    def _head(self) -> bytes:
        lines = [
            f"--{self.boundary}\r\nContent-Disposition: form-data; name={_quoted(name)}\r\n\r\n"
            f"{value}\r\n"
            for name, value in self.fields
        ]
        filename = _quoted(self.payload.name + self.payload.suffix)
        lines.append(
            f"--{self.boundary}\r\nContent-Disposition: form-data; "
            f"name={_quoted(self.file_field)}; filename={filename}\r\n"
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        return "".join(lines).encode(errors="replace")

    def _tail(self) -> bytes:
        return f"\r\n--{self.boundary}--\r\n".encode()


def _texts(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(each) for each in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _quoted(text: str) -> str:
    """Return a text in double quotes, as browsers write it: what would end it is in per cents."""
    for sign in '\r\n"':
        text = text.replace(sign, f"%{ord(sign):02X}")
    return f'"{text}"'
