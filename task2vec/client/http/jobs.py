"""A server that is sent sources, and whose jobs are followed."""

import time
from asyncio import CancelledError
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from task2vec.client.backend import OnProgress, Source
from task2vec.client.http.connection import Connection
from task2vec.client.http.problems import job_error
from task2vec.client.request import get, post, understood
from task2vec.client.upload.pack import pack
from task2vec.client.upload.payload import Payload
from task2vec.errors import DeadlineError, ServiceError, Task2VecError
from task2vec.messages.datasets import Dataset, DatasetPage, NewDataset
from task2vec.messages.jobs import Job, JobEvent, Progress
from task2vec.types.jobs import JobState

#: How often a job is looked at where its events cannot be had.
POLL_SECONDS = 1.0
UPLOADING = "uploading"
_MOST_BREAKS = 3
#: What expires sooner is sent again, so that it is there when a job begins.
_LEAST_LIFE = timedelta(minutes=10)


class JobServer(Connection):
    """A server that works on what it is sent."""

    async def upload(
        self,
        source: Source,
        *,
        name: str | None = None,
        any_name: bool = False,
        progress: OnProgress | None = None,
    ) -> Dataset:
        """Send a source to the server, so that jobs can read it.

        A folder is sent as an uncompressed tar, the same for the same files, piece by piece. What
        the server has already, by its SHA-256, is not sent again; ``any_name``: nor under another
        name, where it does not matter what it is called. ``progress`` counts bytes.

        Raises:
            SourceError: when it cannot be read here, or the server finds no labelled images in it.
            TooLargeError: when it is more than the server takes.
        """
        payload = await self.network.compute(lambda: pack(source, name=name))
        return await self.upload_packed(payload, any_name=any_name, progress=progress)

    async def upload_packed(
        self,
        payload: Payload,
        *,
        any_name: bool = False,
        progress: OnProgress | None = None,
    ) -> Dataset:
        """Send what is packed already, unless the server has it: see `upload`."""
        same = await self.ask(get(DatasetPage, "/datasets", sha256=payload.sha256))
        soon = datetime.now(UTC) + _LEAST_LIFE
        for dataset in same.datasets:
            fits = dataset.classes and (any_name or dataset.name == payload.name)
            if fits and dataset.expires > soon:
                return dataset
        return await self.send(payload, progress=progress)

    async def send(
        self,
        payload: Payload,
        *,
        labelled: bool = True,
        progress: OnProgress | None = None,
    ) -> Dataset:
        """Send what is packed in any case; images not ``labelled`` can only be classified."""
        if progress is not None:
            payload = payload.counted(
                lambda done, total: progress(Progress(stage=UPLOADING, done=done, total=total))
            )
        question = NewDataset(name=payload.name, labelled=labelled)
        return await self.ask(post(Dataset, "/datasets", question=question, file=payload))

    async def events_of(
        self, job: str, *, after: int | None = None
    ) -> AsyncGenerator[JobEvent, None]:
        """Yield what happens to a job, until it has ended.

        ``after`` is the id of an event that has been seen: only later ones come. A connection that
        breaks is taken up again where it was.
        """
        last = after
        broken = 0
        while True:
            request = get(Job, "/jobs/{}/events", job)
            if last is not None:
                request = request.with_headers(Last_Event_ID=str(last))
            try:
                async with aclosing(self.events(request)) as events:
                    async for data in events:
                        if not data:
                            continue
                        event = understood(JobEvent, data)
                        last, broken = event.id, 0
                        yield event
                        if event.kind == "state" and event.job.state.final:
                            return
            except ServiceError:
                broken += 1
                if broken > _MOST_BREAKS:
                    raise
                await self.network.sleep(POLL_SECONDS * broken)
            else:
                # It ended without the final state: all had been seen, or the server drains.
                if (await self.ask(get(Job, "/jobs/{}", job))).state.final:
                    return
                await self.network.sleep(POLL_SECONDS)

    async def wait_for(
        self,
        job: str,
        *,
        progress: OnProgress | None = None,
        timeout: float | None = None,
    ) -> Job:
        """Return a job when it has succeeded.

        Raises:
            JobFailedError, JobCancelledError: when it has ended otherwise; they carry the ``job``.
            DeadlineError: when ``timeout`` seconds have passed. The job goes on, as it does when
                the wait is interrupted.
        """
        until = None if timeout is None else time.monotonic() + timeout
        try:
            over = await self.ended(job, progress=progress, until=until)
        except (KeyboardInterrupt, CancelledError) as interruption:
            interruption.add_note(
                f"{_how_to_wait(job)} Stop it with `task2vec jobs cancel {job}` "
                f"(`client.jobs.cancel('{job}')`)."
            )
            raise
        except ServiceError as error:
            # The server, or the way to it, is gone: what it was given is not.
            error.remedy = " ".join(filter(None, (error.remedy, _how_to_wait(job))))
            raise
        if over.state is not JobState.SUCCEEDED:
            raise job_error(over)
        return over

    async def ended(
        self,
        job: str,
        *,
        progress: OnProgress | None = None,
        until: float | None = None,
    ) -> Job:
        """Return the job of this id when it has ended, however it did.

        Follows the events; between tries, and where there are none, looks at the job itself. Raises
        `DeadlineError` when the clock has passed ``until``.
        """
        seen: Progress | None = None
        last: int | None = None
        deaf = False

        def tell(latest: Progress) -> None:
            nonlocal seen
            # Before a worker has begun there is nothing to tell.
            begun = latest.stage or latest.total
            if progress is not None and begun and latest != seen:
                progress(latest)
            seen = latest

        while True:
            looked_at = await self.ask(get(Job, "/jobs/{}", job))
            tell(looked_at.progress)
            if looked_at.state.final:
                return looked_at
            if until is not None and time.monotonic() >= until:
                raise DeadlineError(
                    f"Job {job} has not ended in time",
                    got=f"{looked_at.state.value}, {looked_at.progress.done} of "
                    f"{looked_at.progress.total} done",
                )
            # While a stream is open nobody looks at the time.
            if until is None and not deaf:
                try:
                    async with aclosing(self.events_of(job, after=last)) as events:
                        async for event in events:
                            last = event.id
                            tell(event.job.progress)
                except Task2VecError:
                    deaf = True
            else:
                left = POLL_SECONDS if until is None else until - time.monotonic()
                await self.network.sleep(max(0.0, min(POLL_SECONDS, left)))


def _how_to_wait(job: str) -> str:
    return (
        f"Job {job} goes on at the server. Wait for it with `task2vec jobs wait {job}` "
        f"(`client.jobs.wait('{job}')`)."
    )
