"""Jobs that the server does itself, in a thread: what they need is where it is, not at a worker."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf
from threading import Event, Thread
from time import monotonic, time

from task2vec.errors import (
    InternalError,
    JobCancelledError,
    LeaseLostError,
    StoreError,
    Task2VecError,
)
from task2vec.jobs import backtest, fetch, leases
from task2vec.jobs.leases import Lent
from task2vec.messages.base import Answer
from task2vec.messages.datasets import Dataset
from task2vec.messages.jobs import Progress
from task2vec.service.datasets.fetch_policy import FetchPolicy
from task2vec.service.datasets.fetching import Fetcher
from task2vec.types import JobKind, JobState
from task2vec_api.logs import logger
from task2vec_api.runtime import Runtime
from task2vec_api.settings import Settings

_WORKER = "server"
# Each is a write to the store.
_BEAT_SECONDS = 1.0

#: Told how much is done of how much; answers whether to stop.
Beat = Callable[[int, int], bool]


class OwnWork(ABC):
    """Works on the jobs of one kind, one after the other, while the server runs.

    ``stage`` is what their progress says, ``idle`` after how many seconds it looks for the next one
    where nobody wakes it, ``steps`` how many times as long as a worker's lease one step of theirs
    may take: a lease that is over fails the job, and work in a thread cannot be killed.
    """

    def __init__(
        self, runtime: Runtime, *, kind: JobKind, stage: str, idle: float, steps: float = 1.0
    ) -> None:
        self._runtime = runtime
        self._kind, self._stage, self._idle, self._steps = kind, stage, idle, steps
        self._stop = Event()
        self._woken = runtime.woken[kind] = Event()
        self._thread = Thread(target=self._run, name=kind.value, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Hand back what is under way, and end; wait some seconds for that."""
        self._stop.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    @abstractmethod
    def do(self, lent: Lent, beat: Beat) -> Answer:
        """Do a job and return its answer; raise `JobCancelledError` where ``beat`` says to stop."""

    def work(self) -> bool:
        """Work on the next job, if there is one; return whether there was."""
        lent = leases.lease(
            self._runtime.workspace,
            worker=_WORKER,
            kinds=[self._kind],
            seconds=self._steps * self._runtime.settings.lease_seconds,
        )
        if lent is None:
            return False
        self._runtime.notifier.notify()
        try:
            self._try(lent)
        except LeaseLostError:
            logger.warning("lost the lease of job %s", lent.job.id)
        finally:
            self._runtime.notifier.notify()
        return True

    def _run(self) -> None:
        worked = False
        while not self._stop.is_set():
            if not worked:
                # Also where nobody wakes it: something may be due by the clock.
                self._woken.wait(self._idle)
            self._woken.clear()
            if self._stop.is_set():
                return
            try:
                worked = self.work()
            except Exception:
                # The store may be away: what it could not be told, it finds when the lease is over.
                logger.exception("a job of the kind %s could not be ended", self._kind.value)
                worked = False

    def _try(self, lent: Lent) -> None:
        jobs = self._runtime.workspace.store().jobs
        try:
            answer = self.do(lent, self._beat(lent))
            result = answer.model_dump(mode="json")
            jobs.complete(lent.job.id, fence=lent.job.fence, result=result, now=time())
        except LeaseLostError:
            raise
        except StoreError as error:
            self._fail(lent, error, transient=True)
        except Task2VecError as error:
            if self._stop.is_set():
                jobs.release(lent.job.id, fence=lent.job.fence, now=time())
            else:
                self._fail(lent, error, transient=False)
        except Exception as error:
            logger.exception("job %s failed", lent.job.id)
            self._fail(lent, _unforeseen(error), transient=True)

    def _beat(self, lent: Lent) -> Beat:
        last = -inf

        def beat(done: int, total: int) -> bool:
            nonlocal last
            if self._stop.is_set():
                return True
            if done < total and monotonic() - last < _BEAT_SECONDS:
                return False
            last = monotonic()
            job = leases.heartbeat(
                self._runtime.workspace,
                lent.job.id,
                fence=lent.job.fence,
                progress=Progress(stage=self._stage, done=done, total=total),
                seconds=lent.seconds,
            )
            self._runtime.notifier.notify()
            return job.state is JobState.CANCELLING

        return beat

    def _fail(self, lent: Lent, failure: Task2VecError, *, transient: bool) -> None:
        leases.fail(
            self._runtime.workspace,
            lent.job.id,
            fence=lent.job.fence,
            failure=failure,
            transient=transient,
        )


class Fetches(OwnWork):
    """Works on the jobs of the kind fetch."""

    def __init__(self, runtime: Runtime, *, fetcher: Fetcher | None = None) -> None:
        super().__init__(runtime, kind=JobKind.FETCH, stage="fetching", idle=0.5)
        self._fetcher = fetcher or Fetcher(policy_of(runtime.settings))

    def start(self) -> None:
        """Begin, if the policy allows any host."""
        if self._fetcher.policy.hosts:
            super().start()

    def stop(self, seconds: float) -> None:
        """Hand back what is under way, and end."""
        super().stop(seconds)
        self._fetcher.close()

    def do(self, lent: Lent, beat: Beat) -> Answer:
        """Fetch a data set, and store it."""
        dataset = fetch.run(
            self._runtime.workspace,
            lent.work,
            self._fetcher,
            retention=self._runtime.settings.dataset_days * 86_400,
            owner=lent.job.owner,
            progress=beat,
        )
        return Dataset.model_validate(dataset)


class Backtests(OwnWork):
    """Works on the jobs of the kind backtest."""

    def __init__(self, runtime: Runtime) -> None:
        # New jobs wake it; it looks for those that are tried again. A step is a task; on a busy
        # machine some take longer than a minute.
        super().__init__(runtime, kind=JobKind.BACKTEST, stage="asking", idle=5.0, steps=10.0)

    def do(self, lent: Lent, beat: Beat) -> Answer:
        """Judge, and answer."""

        def tell(done: int, total: int) -> None:
            if beat(done, total):
                raise JobCancelledError("The backtest was stopped")

        return backtest.backtest(self._runtime.workspace, lent.work, progress=tell)


def policy_of(settings: Settings) -> FetchPolicy:
    """Return what the settings let the server fetch."""
    return FetchPolicy(hosts=settings.fetch_hosts, total_bytes=settings.fetch_bytes)


def _unforeseen(error: Exception) -> Task2VecError:
    # Of what nobody foresaw no more is shown than its kind: the rest is for the log.
    return InternalError(
        "The server failed in a way that nobody foresaw",
        got=type(error).__name__,
        remedy="See the log of the server.",
    )
