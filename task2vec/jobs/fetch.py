"""Fetching a data set by the addresses of its images; the server itself does it."""

from dataclasses import asdict
from typing import Any

from task2vec.jobs.checked import Checked, resolved
from task2vec.messages.datasets import NewRemoteDataset
from task2vec.messages.work import FetchWork
from task2vec.service.datasets.fetching import Fetcher
from task2vec.service.datasets.remote_datasets import Progress, RemoteImage, fetch_dataset
from task2vec.service.workspace import Workspace
from task2vec.store.jobs.state_machine import at
from task2vec.store.sql.identity import check_name
from task2vec.types import DatasetRecord


def check(_: Workspace, question: NewRemoteDataset) -> Checked[FetchWork]:
    """Return what a job for the question is about; raises `SettingError` for an unusable name."""
    check_name(question.name)
    return Checked(resolved(FetchWork, question), question.name)


def run(
    workspace: Workspace,
    work: FetchWork,
    fetcher: Fetcher,
    *,
    retention: float,
    owner: str | None,
    progress: Progress,
) -> DatasetRecord:
    """Fetch the data set and store it, to be kept for ``retention`` seconds."""
    return fetch_dataset(
        workspace,
        fetcher,
        [RemoteImage(str(image.url), image.label, image.split) for image in work.images],
        name=work.name,
        retention=retention,
        owner=owner,
        progress=progress,
    )


def dataset_json(dataset: DatasetRecord) -> dict[str, Any]:
    """Return what a client may see of a data set: neither its place nor its owner."""
    shown = asdict(dataset)
    del shown["file"], shown["owner"]
    return {**shown, "warnings": list(dataset.warnings), "expires": at(dataset.expires)}
