"""Fetching a data set by the addresses of its images; the server itself does it."""

from task2vec.jobs.checked import Checked, resolved
from task2vec.messages.datasets import NewRemoteDataset, StoredDataset
from task2vec.messages.work import FetchWork
from task2vec.service.datasets.fetching import Fetcher
from task2vec.service.datasets.remote_datasets import Progress, RemoteImage, fetch_dataset
from task2vec.service.workspace import Workspace
from task2vec.store.sql.identity import check_name


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
) -> StoredDataset:
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
