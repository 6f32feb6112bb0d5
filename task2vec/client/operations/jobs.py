"""The jobs of a server."""

from task2vec.client.operations.naming import id_of, size_of_pages
from task2vec.client.operations.paging import pages
from task2vec.client.operations.waiting import Shown, job_events, told_by, wait_for
from task2vec.client.request import get, post, segment
from task2vec.client.senders import call
from task2vec.client.steps import Sender, Steps, Stream
from task2vec.messages.jobs import Job, JobEvent, JobPage
from task2vec.types.jobs import JobKind, JobState


def list_jobs(
    sender: Sender,
    *,
    state: JobState | str | None = None,
    kind: JobKind | str | None = None,
    batch: str | None = None,
    page_size: int | None = None,
) -> Stream[Job]:
    """Yield the jobs, newest first; none of a local store, where work is done at once.

    A server gives ``page_size`` of them at a time.
    """
    size = size_of_pages(page_size)
    request = get("/jobs", JobPage, state=state, kind=kind, batch=batch, page_size=size)
    return pages(sender, request, lambda page: page.jobs)


def get_job(sender: Sender, job: Job | str) -> Steps[Job]:
    """Return one job by its id, or as it is now; raises `UnknownNameError`."""
    return call(sender, get(f"/jobs/{segment(id_of(job))}", Job))


def cancel_job(sender: Sender, job: Job | str) -> Steps[Job]:
    """Stop a job; raises `StateError` when it has ended."""
    return call(sender, post(f"/jobs/{segment(id_of(job))}:cancel", Job))


def retry_job(sender: Sender, job: Job | str) -> Steps[Job]:
    """Do a failed or cancelled job again; raises `StateError` for any other."""
    return call(sender, post(f"/jobs/{segment(id_of(job))}:retry", Job))


def wait_for_job(
    sender: Sender, job: Job | str, *, progress: Shown = True, timeout: float | None = None
) -> Steps[Job]:
    """Return a job when it has succeeded; its ``result`` is what a synchronous answer would be.

    Raises:
        JobFailedError, JobCancelledError: when it has ended otherwise; they carry the ``job``.
        DeadlineError: when ``timeout`` seconds have passed. The job goes on, as it does when the
            wait is interrupted.
    """
    return wait_for(sender, job, progress=told_by(progress), timeout=timeout)


def events_of_job(sender: Sender, job: Job | str, *, after: int | None = None) -> Stream[JobEvent]:
    """Yield what happens to a job until it has ended, later than the event ``after`` if given."""
    return job_events(sender, id_of(job), after=after)
