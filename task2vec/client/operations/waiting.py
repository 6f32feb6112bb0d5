"""Jobs: looking, listening, waiting."""

import time
from asyncio import CancelledError
from collections.abc import Callable

from task2vec.client.operations.naming import id_of
from task2vec.client.problems import job_error, raise_for
from task2vec.client.request import Answer, Method, Request, get, segment, understood
from task2vec.client.senders import call
from task2vec.client.steps import Emit, Event, Hear, Leave, Sender, Sleep, Steps, Stream, consume
from task2vec.errors import DeadlineError, ServiceError, Task2VecError
from task2vec.messages.jobs import Job, JobEvent, Progress
from task2vec.types.jobs import JobState

Told = Callable[[Progress], None]
#: True shows a bar in a terminal or a notebook, False or None shows nothing.
Shown = Told | bool | None

#: How often a job is looked at where its events cannot be had.
POLL_SECONDS = 1.0


def job_events(sender: Sender, job: str, *, after: int | None = None) -> Stream[JobEvent]:
    """Yield what happens to a job, until it has ended.

    ``after`` is the id of an event that has been seen: only later ones come. A connection that
    breaks is taken up again where it was.
    """
    last = after
    broken = 0
    while True:
        try:
            listener = yield from sender.listen(_events_of(job, last))
            if isinstance(listener, Answer):
                raise_for(listener)
                raise ServiceError("The server sends no events", got=f"status {listener.status}")
            try:
                while True:
                    heard: Event | None = yield Hear(listener)
                    if heard is None:
                        break
                    if not heard.data:
                        continue
                    event = understood(JobEvent, heard.data)
                    last, broken = event.id, 0
                    yield Emit(event)
                    if event.kind == "state" and event.job.state.final:
                        return
            finally:
                yield Leave(listener)
        except ServiceError:
            broken += 1
            if broken > 3:
                raise
            yield Sleep(POLL_SECONDS * broken)
        else:
            # It ended without the final state: all there was had been seen, or the server drains.
            state = (yield from call(sender, get(f"/jobs/{segment(job)}", Job))).state
            if state.final:
                return
            yield Sleep(POLL_SECONDS)


def told_by(progress: Shown) -> Told | None:
    """Return the function among the ways to show progress; None for the others."""
    return progress if callable(progress) else None


def wait_for(
    sender: Sender, job: Job | str, *, progress: Told | None = None, timeout: float | None = None
) -> Steps[Job]:
    """Return a job when it has succeeded.

    Raises:
        JobFailedError, JobCancelledError: when it has ended otherwise; they carry the ``job``.
        DeadlineError: when ``timeout`` seconds have passed. The job goes on, as it does when the
            wait is interrupted.
    """
    id_ = id_of(job)
    until = None if timeout is None else time.monotonic() + timeout
    try:
        found = yield from ended(sender, id_, progress=progress, until=until)
    except (KeyboardInterrupt, CancelledError) as interruption:
        interruption.add_note(
            f"{_how_to_wait(id_)} Stop it with `task2vec jobs cancel {id_}` "
            f"(`client.jobs.cancel('{id_}')`)."
        )
        raise
    except ServiceError as error:
        # The server, or the way to it, is gone: what it was given is not.
        error.remedy = " ".join(filter(None, (error.remedy, _how_to_wait(id_))))
        raise
    if found.state is not JobState.SUCCEEDED:
        raise job_error(found)
    return found


def ended(
    sender: Sender, job: str, *, progress: Told | None = None, until: float | None = None
) -> Steps[Job]:
    """Return the job of this id when it has ended, however it did.

    Follows the events; between tries, and where there are none, looks at the job itself. Raises
    `DeadlineError` when the clock has passed ``until``.
    """
    path = f"/jobs/{segment(job)}"
    seen: Progress | None = None
    last: int | None = None
    deaf = False

    def take(event: JobEvent) -> None:
        nonlocal last
        last = event.id
        tell(event.job.progress)

    def tell(found: Progress) -> None:
        nonlocal seen
        # Before a worker has begun there is nothing to tell.
        begun = found.stage or found.total
        if progress is not None and begun and found != seen:
            progress(found)
        seen = found

    while True:
        found = yield from call(sender, get(path, Job))
        tell(found.progress)
        if found.state.final:
            return found
        if until is not None:
            _check(until, found)
        # While a stream is open nobody looks at the time.
        if until is None and not deaf:
            try:
                yield from consume(job_events(sender, job, after=last), take)
            except Task2VecError:
                deaf = True
        else:
            left = POLL_SECONDS if until is None else until - time.monotonic()
            yield Sleep(max(0.0, min(POLL_SECONDS, left)))


def _how_to_wait(job: str) -> str:
    return (
        f"Job {job} goes on at the server. Wait for it with `task2vec jobs wait {job}` "
        f"(`client.jobs.wait('{job}')`)."
    )


def _check(until: float, job: Job) -> None:
    if time.monotonic() >= until:
        raise DeadlineError(
            f"Job {job.id} has not ended in time",
            got=f"{job.state.value}, {job.progress.done} of {job.progress.total} done",
        )


def _events_of(job: str, last: int | None) -> Request[None]:
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    return Request(
        Method.GET,
        f"/jobs/{segment(job)}/events",
        lambda _: None,
        headers=headers,
        patient=True,
    )
