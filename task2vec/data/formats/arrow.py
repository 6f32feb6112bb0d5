"""Files that hold tables of images: Parquet, and Arrow streams as Hugging Face saves them."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from task2vec.data.pixels.limits import MAX_IMAGE_BYTES, MAX_LISTED_LABELS
from task2vec.data.wording import shown
from task2vec.errors import MissingExtraError, SourceError

if TYPE_CHECKING:
    import pyarrow as pa

import struct

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


class Shard(Protocol):
    """One file of a table; every method may raise whatever pyarrow raises for damaged files."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    def schema(self) -> "pa.Schema":
        """Return the columns and the metadata."""
        ...

    def rows(self) -> int | None:
        """Return how many rows the file claims to have, if it says so at once."""
        ...

    def batches(
        self, columns: Sequence[str], *, rows: Sequence[int] | None = None
    ) -> "Iterator[tuple[int, pa.RecordBatch]]":
        """Yield validated batches in order, each with the number of its first row.

        Batches that hold none of ``rows``, which are sorted, are left out.
        """
        ...


@dataclass(frozen=True)
class ParquetShard:
    """A Parquet file, decoded a few rows at a time."""

    path: Path

    def schema(self) -> "pa.Schema":
        """Return the columns and the metadata."""
        with self._open() as file:
            return file.schema_arrow

    def rows(self) -> int | None:
        """Return the number of rows."""
        with self._open() as file:
            return int(file.metadata.num_rows)

    def batches(
        self, columns: Sequence[str], *, rows: Sequence[int] | None = None
    ) -> "Iterator[tuple[int, pa.RecordBatch]]":
        """Yield batches of the row groups that hold any of ``rows``."""
        # Labels that repeat stay references to one value.
        with self._open(self._flat(columns) if rows is None else ()) as file:
            start = 0
            for group in range(file.num_row_groups):
                about = file.metadata.row_group(group)
                end = start + about.num_rows
                if rows is None or bisect_left(rows, start) < bisect_left(rows, end):
                    yield from self._group(file, group, columns=columns, start=start)
                start = end

    def _group(
        self, file: Any, group: int, *, columns: Sequence[str], start: int
    ) -> "Iterator[tuple[int, pa.RecordBatch]]":
        about = file.metadata.row_group(group)
        sizes = (about.column(i).total_uncompressed_size for i in range(about.num_columns))
        # A value that a dictionary holds once may be in every row: no batch may exceed the memory
        # even then, as long as no value is larger than its column claims to be.
        size = max(1, min(1024, MAX_IMAGE_BYTES // max(1, *sizes)))
        _check_lists(about, columns, called=self.path.name)
        batches = file.iter_batches(
            batch_size=size, row_groups=[group], columns=list(columns), use_threads=False
        )
        for batch in batches:
            batch.validate(full=True)
            yield start, batch
            start += batch.num_rows

    def _flat(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that hold one value a row: of lists, dictionaries cannot be read."""
        schema, types = self.schema(), pyarrow().types
        return [name for name in columns if not types.is_nested(schema.field(name).type)]

    def _open(self, as_dictionary: Sequence[str] = ()) -> "pa.parquet.ParquetFile":
        pyarrow()
        import pyarrow.parquet as pq

        return pq.ParquetFile(self.path, read_dictionary=list(as_dictionary), pre_buffer=False)


def _check_lists(about: Any, columns: Sequence[str], *, called: str) -> None:
    """Raise `SourceError` for a row group whose lists hold more values than any labels are.

    A value that repeats takes no room in the file, but one for each time here.
    """
    chosen = [about.column(i) for i in range(about.num_columns)]
    values = max(
        (
            column.num_values
            for column in chosen
            if any(f"{column.path_in_schema}.".startswith(f"{name}.") for name in columns)
        ),
        default=0,
    )
    if values > max(about.num_rows, MAX_LISTED_LABELS):
        raise SourceError(
            f"{shown(called)} has too long lists",
            expected=f"at most {MAX_LISTED_LABELS:,} values in the lists of a row group",
            got=f"{values:,}",
            remedy="Write it with fewer rows in each row group.",
        )


@dataclass(frozen=True)
class ArrowShard:
    """An Arrow stream, mapped into the memory: what is not looked at is not read."""

    path: Path

    def schema(self) -> "pa.Schema":
        """Return the columns and the metadata; raises `SourceError` if it is compressed."""
        pa = pyarrow()
        with pa.memory_map(str(self.path)) as file:
            if has_compressed(file, pyarrow=pa):
                raise SourceError(
                    "A table is compressed",
                    expected="an Arrow stream as datasets saves it",
                    remedy="Save it with save_to_disk, or as Parquet.",
                )
        with pa.memory_map(str(self.path)) as file, pa.ipc.open_stream(file) as stream:
            return stream.schema

    def rows(self) -> int | None:
        """Return None: a stream tells as it goes."""
        return None

    def batches(
        self, columns: Sequence[str], *, rows: Sequence[int] | None = None
    ) -> "Iterator[tuple[int, pa.RecordBatch]]":
        """Yield the batches of the stream."""
        pa = pyarrow()
        start = 0
        with pa.memory_map(str(self.path)) as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                end = start + batch.num_rows
                if rows is None or bisect_left(rows, start) < bisect_left(rows, end):
                    chosen = batch.select(list(columns))
                    # A file may place values anywhere; Arrow looks only when it is told to.
                    chosen.validate(full=True)
                    yield start, chosen
                start = end


def pyarrow() -> Any:
    """Return the library; raises `MissingExtraError` where it is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.ipc
    except ImportError as error:
        raise MissingExtraError(
            "Tables of images need pyarrow, which is not installed",
            remedy="pip install 'task2vec[parquet]'.",
        ) from error
    return pa
