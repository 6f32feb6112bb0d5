"""Uploading a source, unless the server has it already."""

import os
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from task2vec.client.operations.waiting import Told
from task2vec.client.packing.form import Form
from task2vec.client.packing.pack import pack
from task2vec.client.packing.payload import BytesTold, Payload
from task2vec.client.request import Method, Request, get, reader
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps, compute
from task2vec.messages.datasets import Dataset, DatasetPage
from task2vec.messages.jobs import Progress

if TYPE_CHECKING:
    from task2vec.data.task import Task

UPLOADING = "uploading"
#: What expires sooner is sent again, so that it is there when a job begins.
_LEAST_LIFE = timedelta(minutes=10)


def upload(
    sender: Sender,
    source: "str | os.PathLike[str] | Task",
    *,
    name: str | None = None,
    any_name: bool = False,
    progress: Told | None = None,
) -> Steps[Dataset]:
    """Send a source to the server, so that jobs can read it.

    A folder is sent as an uncompressed tar, the same for the same files, piece by piece. What the
    server has already, by its SHA-256, is not sent again; ``any_name``: nor under another
    name, where it does not matter what it is called. ``progress`` counts bytes.

    Raises:
        SourceError: when it cannot be read here, or the server finds no labelled images in it.
        TooLargeError: when it is more than the server takes.
    """
    payload = yield from compute(lambda: pack(source, name=name))
    dataset = yield from upload_packed(sender, payload, any_name=any_name, progress=progress)
    return dataset


def upload_packed(
    sender: Sender, payload: Payload, *, any_name: bool = False, progress: Told | None = None
) -> Steps[Dataset]:
    """Send what is packed already, unless the server has it: see `upload`."""
    known = yield from call(sender, get("/datasets", DatasetPage, sha256=payload.sha256))
    soon = datetime.now(UTC) + _LEAST_LIFE
    for dataset in known.datasets:
        fits = dataset.classes and (any_name or dataset.name == payload.name)
        if fits and dataset.expires > soon:
            return dataset
    dataset = yield from send(sender, payload, progress=progress)
    return dataset


def send(
    sender: Sender, payload: Payload, *, labelled: bool = True, progress: Told | None = None
) -> Steps[Dataset]:
    """Send what is packed in any case; images that are not ``labelled`` can only be classified."""
    told = None if progress is None else partial(_tell, progress)
    form = form_of(payload, labelled=labelled, told=told)
    request = Request(Method.POST, "/datasets", reader(Dataset), body=form, patient=True)
    dataset = yield from call(sender, request)
    return dataset


def form_of(payload: Payload, *, labelled: bool = True, told: BytesTold | None = None) -> Form:
    """Return the body of the request that sends what is packed."""
    fields = [("name", payload.name), *([] if labelled else [("labelled", "false")])]
    return Form(payload, fields, told=told)


def _tell(progress: Told, done: int, total: int) -> None:
    progress(Progress(stage=UPLOADING, done=done, total=total))
