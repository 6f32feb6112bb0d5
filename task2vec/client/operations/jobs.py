"""What a server has besides what is stored: jobs, and uploaded data sets."""

from collections.abc import AsyncIterator

from task2vec.client.backend import Backend, ShowProgress, Source, pages
from task2vec.client.methods import Call, M, Part, Stream, given_function
from task2vec.client.questions import id_of, size_of_pages
from task2vec.client.request import delete, get, post
from task2vec.messages.datasets import Dataset, DatasetPage
from task2vec.messages.jobs import Job, JobEvent, JobPage
from task2vec.types.jobs import JobKind, JobState


class Jobs(Part[M]):
    """Background work, of a server; on a local store work is done when the call returns."""

    @Stream
    def list(
        self,
        *,
        state: JobState | str | None = None,
        kind: JobKind | str | None = None,
        batch: str | None = None,
        page_size: int | None = None,
    ) -> AsyncIterator[Job]:
        """Yield the jobs, newest first; none of a local store, where work is done at once.

        A server gives ``page_size`` of them at a time.
        """
        size = size_of_pages(page_size)
        request = get(JobPage, "/jobs", state=state, kind=kind, batch=batch, page_size=size)
        return pages(self.backend, request, lambda page: page.jobs)

    @Call
    async def get(self, job: Job | str) -> Job:
        """Return one job by its id, or as it is now; raises `UnknownNameError`."""
        return await self.backend.ask(get(Job, "/jobs/{}", id_of(job)))

    @Call
    async def cancel(self, job: Job | str) -> Job:
        """Stop a job; raises `StateError` when it has ended."""
        return await self.backend.ask(post(Job, "/jobs/{}:cancel", id_of(job)))

    @Call
    async def retry(self, job: Job | str) -> Job:
        """Do a failed or cancelled job again; raises `StateError` for any other."""
        return await self.backend.ask(post(Job, "/jobs/{}:retry", id_of(job)))

    @Call
    async def wait(
        self, job: Job | str, *, progress: ShowProgress = True, timeout: float | None = None
    ) -> Job:
        """Return a job when it has succeeded; its ``result`` is what a synchronous answer would be.

        Raises:
            JobFailedError, JobCancelledError: when it has ended otherwise; they carry the ``job``.
            DeadlineError: when ``timeout`` seconds have passed. The job goes on, as it does when
                the wait is interrupted.
        """
        tell = given_function(progress)
        return await self.backend.wait_for(id_of(job), progress=tell, timeout=timeout)

    @Stream
    def events(self, job: Job | str, *, after: int | None = None) -> AsyncIterator[JobEvent]:
        """Yield what happens to a job until it has ended, after the event ``after`` if given."""
        return self.backend.events_of(id_of(job), after=after)


class Datasets(Part[M]):
    """Uploaded sources, of a server; a local store reads sources where they lie."""

    @Call
    async def upload(
        self, source: Source, *, name: str | None = None, progress: ShowProgress = True
    ) -> Dataset:
        """Send a source to the server, unless it has the same bytes under the same name.

        A folder is sent as an uncompressed tar, piece by piece. ``progress`` counts bytes. A local
        store keeps no data sets, and refuses with `SettingError`.

        Raises:
            SourceError: when it cannot be read, or holds no labelled images.
            TooLargeError: when it is more than the server takes.
        """
        return await self.backend.upload(source, name=name, progress=given_function(progress))

    @Stream
    def list(
        self, *, sha256: str | None = None, page_size: int | None = None
    ) -> AsyncIterator[Dataset]:
        """Yield the data sets, newest first; none of a local store.

        A server gives ``page_size`` of them at a time.
        """
        size = size_of_pages(page_size)
        request = get(DatasetPage, "/datasets", sha256=sha256, page_size=size)
        return pages(self.backend, request, lambda page: page.datasets)

    @Call
    async def get(self, dataset: Dataset | str) -> Dataset:
        """Return one data set by its id; raises `UnknownNameError`."""
        return await _dataset(self.backend, dataset)

    @Call
    async def remove(self, dataset: Dataset | str) -> Dataset:
        """Remove a data set and return what it was; raises `StateError` while a job needs it."""
        removed = await _dataset(self.backend, dataset)
        await self.backend.ask(delete("/datasets/{}", removed.id))
        return removed


async def _dataset(backend: Backend, dataset: Dataset | str) -> Dataset:
    return await backend.ask(get(Dataset, "/datasets/{}", id_of(dataset)))
