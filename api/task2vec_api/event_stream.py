"""Following jobs: many clients, one look at the store for all of them."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from starlette.concurrency import run_in_threadpool

from task2vec.errors import UnknownNameError
from task2vec.jobs.job_messages import event_message
from task2vec.messages.jobs import JobEvent
from task2vec.service.workspace import Workspace
from task2vec_api.access import Caller
from task2vec_api.runtime import LOOK_AGAIN, Runtime

# A worker that tells of every image must not keep the store busy with listeners.
_PAUSE = 0.1


class Follower:
    """One client that follows one job, and what it has seen of it.

    ``first`` are the events behind ``seen`` that were read already.
    """

    def __init__(
        self,
        lookout: "Lookout",
        job: str,
        *,
        caller: Caller,
        seen: int,
        first: Sequence[JobEvent] = (),
    ) -> None:
        self.job = job
        self.seen = seen
        self._lookout = lookout
        self._runtime = lookout.runtime
        self._caller = caller
        self._inbox: asyncio.Queue[list[JobEvent]] = asyncio.Queue()
        if first:
            self._inbox.put_nowait(list(first))
            self.seen = first[-1].id

    @property
    def waits(self) -> bool:
        """Whether it has taken all that was found: a slow client is not read ahead for."""
        return self._inbox.empty()

    @property
    def allowed(self) -> bool:
        """Whether its caller would still be let in."""
        return self._runtime.keys.admit(self._caller)

    def take(self, events: list[JobEvent]) -> None:
        """Take in what has happened since."""
        self.seen = events[-1].id
        self._inbox.put_nowait(events)

    async def rounds(self, keep_alive: float) -> AsyncIterator[list[JobEvent]]:
        """Yield what happens, and nothing where nothing does for ``keep_alive`` seconds.

        Ends when the job has ended and all of it was told, when the job is gone, when the server
        stops, and when the caller's key is no longer valid.
        """
        self._lookout.add(self)
        try:
            while not self._runtime.draining.is_set():
                try:
                    async with asyncio.timeout(keep_alive):
                        events = await self._inbox.get()
                except TimeoutError:
                    yield []
                    continue
                if not events or not self.allowed:
                    return
                yield events
                if self.waits and events[-1].job.state.final:
                    return
        finally:
            self._lookout.remove(self)

    def end(self) -> None:
        """Let it end."""
        self._inbox.put_nowait([])


class Lookout:
    """Reads for all followers of an app at once, in one thread, while there are any."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._followers: set[Follower] = set()
        self._task: asyncio.Task[None] | None = None

    def add(self, follower: Follower) -> None:
        """Look out for one more."""
        self._followers.add(follower)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    def remove(self, follower: Follower) -> None:
        """Forget about one."""
        self._followers.discard(follower)

    async def _run(self) -> None:
        runtime = self.runtime
        while self._followers:
            listening = runtime.notifier.listen()
            if runtime.draining.is_set():
                listening.cancel()
                break
            for follower in self._followers:
                if follower.waits and not follower.allowed:
                    follower.end()
            waiting = [follower for follower in self._followers if follower.waits]
            places = {(follower.job, follower.seen) for follower in waiting}
            events_at = await run_in_threadpool(_look, runtime.workspace, places)
            for follower in waiting:
                events = events_at[follower.job, follower.seen]
                if events is None:
                    follower.end()
                elif events:
                    follower.take(events)
            await runtime.notifier.notified(listening, LOOK_AGAIN)
            await asyncio.sleep(_PAUSE)
        for follower in self._followers:
            follower.end()


def _look(
    workspace: Workspace, places: set[tuple[str, int]]
) -> dict[tuple[str, int], list[JobEvent] | None]:
    """Return the events behind each place; None where none will come: the job has ended or gone."""
    events_at: dict[tuple[str, int], list[JobEvent] | None] = {}
    for job, seen in places:
        try:
            # In this order: the event that ends a job is never missed.
            ended = workspace.store().jobs.get(job).state.final
            events = workspace.store().jobs.events_after(job, seen)
            events_at[job, seen] = list(map(event_message, events)) if events or not ended else None
        except UnknownNameError:
            events_at[job, seen] = None
    return events_at
