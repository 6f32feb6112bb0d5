"""Whether an Arrow stream is compressed, told before anything is unpacked.

Hugging Face never compresses what it saves, and pyarrow takes as much memory as a compressed buffer
claims to need. Messages are flatbuffers: https://arrow.apache.org/docs/format/Columnar.html and
``Message.fbs`` there give the numbers of the fields.
"""

import struct
from typing import Any

_DICTIONARY, _BATCH = 2, 3
"""Kinds of messages that hold values."""


def is_compressed(metadata: bytes) -> bool:
    """Return whether a message holds compressed buffers.

    Raises `struct.error` where the bytes are no message.
    """
    message = _table(metadata, 0)
    kind = _field(metadata, message, 1)
    header = _field(metadata, message, 2)
    if kind is None or header is None:
        return False
    batch: int | None = _table(metadata, header)
    number = struct.unpack_from("<B", metadata, kind)[0]
    if number == _DICTIONARY:
        inner = _field(metadata, _table(metadata, header), 1)
        batch = None if inner is None else _table(metadata, inner)
    elif number != _BATCH:
        return False
    return batch is not None and _field(metadata, batch, 3) is not None


def has_compressed(stream: Any, *, pyarrow: Any) -> bool:
    """Return whether any message of an open stream is compressed."""
    messages = pyarrow.ipc.MessageReader.open_stream(stream)
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return False
        if is_compressed(message.metadata.to_pybytes()):
            return True


def _table(data: bytes, place: int) -> int:
    """Return where the table lies whose offset is at a place."""
    return place + int(struct.unpack_from("<I", data, place)[0])


def _field(data: bytes, table: int, number: int) -> int | None:
    """Return where a field of a table lies, or None where it is not set."""
    fields = table - int(struct.unpack_from("<i", data, table)[0])
    if fields < 0:
        raise struct.error("a table without fields")
    slot = 4 + 2 * number
    if slot >= struct.unpack_from("<H", data, fields)[0]:
        return None
    offset = int(struct.unpack_from("<H", data, fields + slot)[0])
    return table + offset if offset else None
