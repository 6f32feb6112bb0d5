"""Tables of images, in one file or in the files of a folder: Parquet, or saved by Hugging Face."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from task2vec.data.build import Place, build_from_places
from task2vec.data.containers.tree import Tree
from task2vec.data.formats.arrow import ArrowShard, ParquetShard, Shard
from task2vec.data.formats.columns import label_name, named_labels
from task2vec.data.formats.lookup import split_of
from task2vec.data.formats.source_format import SourceFile, SourceFormat
from task2vec.data.formats.table_columns import TableColumns, holds_lists, table_columns
from task2vec.data.multilabel import NamedLabels
from task2vec.data.pixels.files import stamp
from task2vec.data.pixels.limits import (
    MAX_CLASS_NAME,
    MAX_IMAGE_BYTES,
    MAX_LABELS_PER_IMAGE,
    MAX_MEMBERS,
)
from task2vec.data.pixels.reader import Raw, UnreadableImageError
from task2vec.data.task import Task
from task2vec.data.wording import printable, remarks, shown
from task2vec.errors import SourceError, Task2VecError

if TYPE_CHECKING:
    import pyarrow as pa


class Tables(SourceFormat):
    """Parquet, and the ``.arrow`` files that Hugging Face's ``save_to_disk`` writes."""

    suffixes = (".parquet",)

    def open_file(self, file: SourceFile) -> Task:
        """List the rows of one Parquet file; raises as `_task` does."""
        shard = printable(file.path.name)
        shards = {shard: (ParquetShard(file.path), split_of(shard))}
        return _task(shards, name=file.name, source=file.source)

    def open_tree(self, tree: Tree, *, name: str) -> Task | None:
        """List the rows of the tables in a folder; None if it has images, or no tables.

        The split is the word in the name of the file or else its folder. Raises as `_task` does,
        and for tables inside of an archive.
        """
        documents = tree.inventory.documents
        paths = sorted(path for path in documents if path.lower().endswith(".parquet"))
        if not paths:
            paths = sorted(_saved(tree))
        if not paths or tree.inventory.images:
            return None
        if tree.root is None:
            raise SourceError(
                f"{tree.source} holds tables ({shown(paths[0])}), which are not read from archives",
                expected="images as files, or the tables in a folder",
                remedy="Unpack it and give the folder instead, if you trust it.",
            )
        shards: dict[str, tuple[Shard, str | None]] = {}
        for path in paths:
            kind = ParquetShard if path.lower().endswith(".parquet") else ArrowShard
            shards[path] = kind(tree.root / path), split_of(path)
        return _task(shards, name=name, source=tree.source)


_STATE, _ABOUT = "state.json", "dataset_info.json"


def _saved(tree: Tree) -> Iterator[str]:
    """Yield the files of tables that lie beside the description of a data set."""
    documents = tree.inventory.documents
    for path in documents:
        folder = PurePosixPath(path).parent
        if not path.endswith(".arrow") or str(folder / _ABOUT) not in documents:
            continue
        state = str(folder / _STATE)
        if state not in documents or PurePosixPath(path).name in _files_of(tree, state):
            yield path


def _files_of(tree: Tree, state: str) -> list[str]:
    """Return the names of the files that the state of a saved data set lists."""
    try:
        about = json.loads(tree.document(state))
        if about.get("_indices_data_files"):
            raise SourceError(
                f"{shown(state)} of {tree.source} selects rows by a separate file",
                remedy="Save it again with a recent version of datasets.",
            )
        return [str(file["filename"]) for file in about["_data_files"]]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{shown(state)} of {tree.source} does not list the files of a data set",
            got=type(error).__name__,
        ) from error


@dataclass(frozen=True)
class TableReader:
    """Reads rows of tables; a key is the shard's name and the number of the row."""

    shards: Mapping[str, Shard]
    column: str
    source: str

    def read(self, keys: Collection[str]) -> Iterator[tuple[str, Raw]]:
        """Yield the images shard by shard, in the order of the rows."""
        wanted: dict[str, dict[int, str]] = defaultdict(dict)
        for key in keys:
            shard, _, number = key.rpartition(_ROW)
            wanted[shard][int(number)] = key
        for shard, rows in wanted.items():
            with damage_named(f"{shown(shard)} of {self.source}"):
                batches = self.shards[shard].batches([self.column], rows=sorted(rows))
                for start, batch in batches:
                    for row in range(start, start + batch.num_rows):
                        if row in rows:
                            yield rows.pop(row), _image(batch.column(0), row - start)


_ROW = "#row "


def _task(shards: Mapping[str, tuple[Shard, str | None]], *, name: str, source: str) -> Task:
    """List the rows of tables with their labels, without reading images.

    ``shards`` are the files and their splits, by name. Raises `MissingExtraError` without pyarrow,
    `SourceError` for damaged files, columns that do not tell, and fewer than two classes.
    """
    first, _ = next(iter(shards.values()))
    with damage_named(source):
        columns = table_columns(first.schema(), source=source)
    places: dict[str, Place] = {}
    stamps: list[str] = []
    unlabelled: list[str] = []
    for shard_name, (shard, split) in shards.items():
        clock = stamp(shard.path.stat())
        labels = _labels(shard, columns, source=f"{shown(shard_name)} of {source}")
        for row, label in enumerate(labels):
            key = f"{shard_name}{_ROW}{row}"
            if label is None:
                unlabelled.append(key)
            else:
                places[key] = label, split
                stamps.append(clock)
        if len(places) + len(unlabelled) > MAX_MEMBERS:
            raise _too_many(source)
    warnings = remarks(unlabelled, "row", "left out, having no label")
    if not places:
        raise SourceError(f"{source} holds no labelled rows", got="; ".join(warnings) or "no rows")
    reader = TableReader({key: shard for key, (shard, _) in shards.items()}, columns.image, source)
    return build_from_places(
        places,
        name=name,
        source=source,
        stamps=stamps,
        warnings=warnings,
        reader=reader,
    )


def _labels(
    shard: Shard, columns: TableColumns, *, source: str
) -> Iterator[str | NamedLabels | None]:
    count = 0
    with damage_named(source):
        if (shard.rows() or 0) > MAX_MEMBERS:
            raise _too_many(source)
        if table_columns(shard.schema(), source=source) != columns:
            raise SourceError(f"{source} has other columns or classes than the first file")
        for _, batch in shard.batches([columns.label]):
            count += batch.num_rows
            if count > MAX_MEMBERS:
                raise _too_many(source)
            if holds_lists(batch.column(0).type):
                yield from _listed(batch.column(0), columns.names, source=source)
                continue
            values, positions = _encoded(batch.column(0), source=source)
            labels = [label_name(value, columns.names) for value in values]
            yield from (None if at is None else labels[at] for at in positions)


def _listed(
    column: "pa.Array", names: Sequence[str] | None, *, source: str
) -> Iterator[NamedLabels | None]:
    """Yield the labels of each row of lists; what is no list has none, an empty list tells so."""
    lengths = column.value_lengths().to_pylist()
    longest = max((length for length in lengths if length is not None), default=0)
    if longest > MAX_LABELS_PER_IMAGE:
        raise SourceError(
            f"{source} has an image with too many labels",
            expected=f"at most {MAX_LABELS_PER_IMAGE:,}",
            got=f"{longest:,}",
        )
    values, positions = _encoded(column.flatten(), source=source)
    labels = [label_name(value, names) for value in values]
    taken = iter(positions)
    for length in lengths:
        if length is None:
            yield None
            continue
        row = islice(taken, length)
        yield named_labels(None if at is None else labels[at] for at in row)


def _encoded(column: "pa.Array", *, source: str) -> tuple[list[Any], list[int | None]]:
    """Return the different values of a column, and the position of each row's among them."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.types as types

    if not isinstance(column, pa.DictionaryArray):
        column = column.dictionary_encode()
    values = column.dictionary
    is_text = types.is_string(values.type) or types.is_large_string(values.type)
    if is_text and (pc.max(pc.binary_length(values)).as_py() or 0) > 4 * MAX_CLASS_NAME:
        raise SourceError(
            f"{source} has a label that is no name",
            expected=f"at most {MAX_CLASS_NAME:,} characters",
        )
    return values.to_pylist(), column.indices.to_pylist()


def _image(column: "pa.Array", position: int) -> Raw:
    import pyarrow.types as types

    if types.is_struct(column.type):
        column = column.field("bytes")
    value = column[position]
    if not value.is_valid:
        return UnreadableImageError("no bytes of its own")
    data = value.as_buffer()
    if data.size > MAX_IMAGE_BYTES:
        return UnreadableImageError(f"larger than {MAX_IMAGE_BYTES // 2**20} MiB")
    return bytes(data)


@contextmanager
def damage_named(source: str) -> Iterator[None]:
    """Turn whatever pyarrow raises for a damaged file into a `SourceError`."""
    try:
        yield
    except (Task2VecError, GeneratorExit):
        raise
    except MemoryError as error:
        raise SourceError(f"{source} does not fit into the memory") from error
    # ArrowInvalid, OSError, ArrowNotImplementedError, KeyError, UnicodeDecodeError, ...
    except Exception as error:
        raise SourceError(
            f"{source} is damaged or not of the kind its name says",
            got=shown(str(error).splitlines()[0] if str(error) else type(error).__name__),
            remedy="Copy or download it again.",
        ) from error


def _too_many(source: str) -> SourceError:
    return SourceError(f"{source} has too many rows", expected=f"at most {MAX_MEMBERS:,}")
