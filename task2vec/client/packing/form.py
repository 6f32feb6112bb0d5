"""A payload as a multipart form, streamed."""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from task2vec.client.packing.payload import BytesTold, Payload

_TOLD_EVERY = 64 * 1024


@dataclass
class Form:
    """Fields, then one file; a `Body` whose length is known before it is sent.

    ``told`` hears how much of the file is on its way, every 64 KiB or more rarely.
    """

    payload: Payload
    fields: Sequence[tuple[str, str]]
    file_field: str = "file"
    told: BytesTold | None = None
    boundary: str = field(default_factory=lambda: secrets.token_hex(16))

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
        done = told = 0
        if self.told is not None:
            self.told(0, self.payload.length)
        for chunk in self.payload.chunks():
            yield chunk
            done += len(chunk)
            # The pieces of a tar may be a few bytes.
            if self.told is not None and (
                done - told >= _TOLD_EVERY or told < done == self.payload.length
            ):
                told = done
                self.told(done, self.payload.length)
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


def _quoted(text: str) -> str:
    """Return a text in double quotes, as browsers write it: what would end it is in per cents."""
    for sign in '\r\n"':
        text = text.replace(sign, f"%{ord(sign):02X}")
    return f'"{text}"'
