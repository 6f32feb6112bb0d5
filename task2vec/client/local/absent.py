"""What a local store does not have, and says so: jobs and data sets."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from task2vec.client import client
from task2vec.client.items import Items
from task2vec.client.methods import described_like
from task2vec.client.operations.naming import id_of, size_of_pages
from task2vec.client.operations.waiting import Shown
from task2vec.errors import SettingError, UnknownNameError
from task2vec.messages.datasets import Dataset
from task2vec.messages.jobs import Job, JobEvent
from task2vec.types.jobs import JobKind, JobState

if TYPE_CHECKING:
    from task2vec.data.task import Task as LabelledImages


@described_like(client.Jobs)
class Jobs:
    """No jobs: work on a local store is done when the call returns."""

    def list(
        self,
        *,
        state: JobState | str | None = None,
        kind: JobKind | str | None = None,
        batch: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Job]:
        size_of_pages(page_size)
        return Items(iter(()))

    def get(self, job: Job | str) -> Job:
        _no_job(job)

    def cancel(self, job: Job | str) -> Job:
        _no_job(job)

    def retry(self, job: Job | str) -> Job:
        _no_job(job)

    def wait(self, job: Job | str, *, progress: Shown = True, timeout: float | None = None) -> Job:
        _no_job(job)

    def events(self, job: Job | str, *, after: int | None = None) -> Iterator[JobEvent]:
        _no_job(job)


@described_like(client.Datasets)
class Datasets:
    """No data sets: sources are read where they lie."""

    def upload(
        self,
        source: "str | os.PathLike[str] | LabelledImages",
        *,
        name: str | None = None,
        progress: Shown = True,
    ) -> Dataset:
        raise SettingError(
            "A local store takes no uploads",
            remedy="Give the source itself to `embed`, `search` or `recommend`.",
        )

    def list(self, *, sha256: str | None = None, page_size: int | None = None) -> Iterator[Dataset]:
        size_of_pages(page_size)
        return Items(iter(()))

    def get(self, dataset: Dataset | str) -> Dataset:
        _no_dataset(dataset)

    def remove(self, dataset: Dataset | str) -> Dataset:
        _no_dataset(dataset)


def _no_job(job: Job | str) -> NoReturn:
    raise UnknownNameError(f"A local store has no jobs, and so not '{id_of(job)}'")


def _no_dataset(dataset: Dataset | str) -> NoReturn:
    raise UnknownNameError(f"A local store keeps no data sets, and so not '{id_of(dataset)}'")
