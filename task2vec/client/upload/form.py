"""Fields and a file as a multipart form, streamed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from task2vec.client.upload.payload import Payload


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
