"""Uploading a source, unless the server has it already."""

from datetime import UTC, datetime, timedelta

from task2vec.client.backend import OnProgress, Source
from task2vec.client.http.connection import Connection
from task2vec.client.request import get, post
from task2vec.client.upload.pack import pack
from task2vec.client.upload.payload import Payload
from task2vec.messages.datasets import Dataset, DatasetPage, NewDataset
from task2vec.messages.jobs import Progress

UPLOADING = "uploading"
#: What expires sooner is sent again, so that it is there when a job begins.
_LEAST_LIFE = timedelta(minutes=10)


async def upload(
    server: Connection,
    source: Source,
    *,
    name: str | None = None,
    any_name: bool = False,
    progress: OnProgress | None = None,
) -> Dataset:
    """Send a source to the server, so that jobs can read it.

    A folder is sent as an uncompressed tar, the same for the same files, piece by piece. What the
    server has already, by its SHA-256, is not sent again; ``any_name``: nor under another
    name, where it does not matter what it is called. ``progress`` counts bytes.

    Raises:
        SourceError: when it cannot be read here, or the server finds no labelled images in it.
        TooLargeError: when it is more than the server takes.
    """
    payload = await server.network.compute(lambda: pack(source, name=name))
    return await upload_packed(server, payload, any_name=any_name, progress=progress)


async def upload_packed(
    server: Connection,
    payload: Payload,
    *,
    any_name: bool = False,
    progress: OnProgress | None = None,
) -> Dataset:
    """Send what is packed already, unless the server has it: see `upload`."""
    same = await server.ask(get(DatasetPage, "/datasets", sha256=payload.sha256))
    soon = datetime.now(UTC) + _LEAST_LIFE
    for dataset in same.datasets:
        fits = dataset.classes and (any_name or dataset.name == payload.name)
        if fits and dataset.expires > soon:
            return dataset
    return await send(server, payload, progress=progress)


async def send(
    server: Connection,
    payload: Payload,
    *,
    labelled: bool = True,
    progress: OnProgress | None = None,
) -> Dataset:
    """Send what is packed in any case; images that are not ``labelled`` can only be classified."""
    if progress is not None:
        payload = payload.counted(
            lambda done, total: progress(Progress(stage=UPLOADING, done=done, total=total))
        )
    question = NewDataset(name=payload.name, labelled=labelled)
    return await server.ask(post(Dataset, "/datasets", question=question, file=payload))
