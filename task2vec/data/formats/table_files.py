"""Tables of images in one file or in the files of a folder: Parquet, or saved by Hugging Face."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from task2vec.data.containers.tree import Tree
from task2vec.data.formats.arrow import ArrowShard, ParquetShard, Shard
from task2vec.data.formats.lookup import split_of
from task2vec.data.formats.tables import task_from_tables
from task2vec.data.task import Task
from task2vec.data.wording import printable, shown
from task2vec.errors import SourceError

_STATE, _ABOUT = "state.json", "dataset_info.json"


def task_from_parquet(path: Path, *, name: str, source: str) -> Task:
    """List the rows of one Parquet file; raises as `task_from_tables` does."""
    shard = printable(path.name)
    return task_from_tables(
        {shard: (ParquetShard(path), split_of(shard))}, name=name, source=source
    )


def task_from_table_files(tree: Tree, *, name: str) -> Task | None:
    """List the rows of the tables in a folder; None if it has images, or no tables.

    Tables are ``.parquet`` files, or the ``.arrow`` files that Hugging Face's ``save_to_disk``
    writes. The split is the word in the name of the file or else its folder. Raises as
    `task_from_tables` does, and for tables inside of an archive.
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
    return task_from_tables(shards, name=name, source=tree.source)


def _saved(tree: Tree) -> Iterator[str]:
    """Yield the files of tables that lie beside the description of a data set."""
    documents = tree.inventory.documents
    for path in documents:
        folder = PurePosixPath(path).parent
        if not path.endswith(".arrow") or str(folder / _ABOUT) not in documents:
            continue
        state = str(folder / _STATE)
        if state not in documents or PurePosixPath(path).name in _listed(tree, state):
            yield path


def _listed(tree: Tree, state: str) -> list[str]:
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
