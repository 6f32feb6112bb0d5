"""The data sets that a server keeps."""

import os
from typing import TYPE_CHECKING

from task2vec.client.operations.naming import id_of, size_of_pages
from task2vec.client.operations.paging import pages
from task2vec.client.operations.uploads import upload
from task2vec.client.operations.waiting import Shown, told_by
from task2vec.client.request import delete, get, segment
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps, Stream
from task2vec.messages.datasets import Dataset, DatasetPage

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages


def upload_dataset(
    sender: Sender,
    source: "str | os.PathLike[str] | LabelledImages",
    *,
    name: str | None = None,
    progress: Shown = True,
) -> Steps[Dataset]:
    """Send a source to the server, unless it has the same bytes under the same name.

    A folder is sent as an uncompressed tar, piece by piece. ``progress`` counts bytes. A local
    store keeps no data sets, and refuses with `SettingError`.

    Raises:
        SourceError: when it cannot be read, or holds no labelled images.
        TooLargeError: when it is more than the server takes.
    """
    return upload(sender, source, name=name, progress=told_by(progress))


def list_datasets(
    sender: Sender, *, sha256: str | None = None, page_size: int | None = None
) -> Stream[Dataset]:
    """Yield the data sets, newest first; none of a local store.

    A server gives ``page_size`` of them at a time.
    """
    request = get("/datasets", DatasetPage, sha256=sha256, page_size=size_of_pages(page_size))
    return pages(sender, request, lambda page: page.datasets)


def get_dataset(sender: Sender, dataset: Dataset | str) -> Steps[Dataset]:
    """Return one data set by its id; raises `UnknownNameError`."""
    return call(sender, get(f"/datasets/{segment(id_of(dataset))}", Dataset))


def remove_dataset(sender: Sender, dataset: Dataset | str) -> Steps[Dataset]:
    """Remove a data set and return what it was; raises `StateError` while a job needs it."""
    found = yield from get_dataset(sender, dataset)
    yield from call(sender, delete(f"/datasets/{segment(found.id)}"))
    return found
