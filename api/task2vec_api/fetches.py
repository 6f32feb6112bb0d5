"""The thread that fetches data sets from elsewhere, by jobs like any other work."""

from math import inf
from threading import Event, Thread
from time import monotonic

from task2vec.errors import JobCancelledError, LeaseLostError, StoreError, Task2VecError
from task2vec.service import completion, leases
from task2vec.service.fetch_policy import FetchPolicy
from task2vec.service.fetching import Fetcher
from task2vec.service.leases import Lent
from task2vec.service.remote_datasets import Progress, RemoteImage, fetch_dataset
from task2vec.types import JobFailure, JobKind, JobProgress, JobState
from task2vec_api.logs import logger
from task2vec_api.runtime import Runtime
from task2vec_api.settings import Settings

_WORKER = "server"
_STAGE = "fetching"
_IDLE_SECONDS = 0.5
# Each is a write to the store.
_BEAT_SECONDS = 1.0


def policy_of(settings: Settings) -> FetchPolicy:
    """Return what the settings let the server fetch."""
    return FetchPolicy(hosts=settings.fetch_hosts, total_bytes=settings.fetch_bytes)


class Fetches:
    """Works on the jobs of the kind fetch, one after the other, while the server runs."""

    def __init__(self, runtime: Runtime, *, fetcher: Fetcher | None = None) -> None:
        self._runtime = runtime
        self._fetcher = fetcher or Fetcher(policy_of(runtime.settings))
        self._stop = Event()
        self._thread = Thread(target=self._run, name="fetches", daemon=True)

    def start(self) -> None:
        """Begin, if the policy allows any host."""
        if self._fetcher.policy.hosts:
            self._thread.start()

    def stop(self) -> None:
        """Hand back what is under way, and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._fetcher.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                worked = self.work()
            except Exception:
                # Its lease ends by itself; the next job may fare better.
                logger.exception("fetching failed")
                worked = False
            if not worked:
                self._stop.wait(_IDLE_SECONDS)

    def work(self) -> bool:
        """Work on the next job, if there is one; return whether there was."""
        lent = leases.lease(
            self._runtime.workspace,
            worker=_WORKER,
            kinds=[JobKind.FETCH],
            seconds=self._runtime.settings.lease_seconds,
        )
        if lent is None:
            return False
        self._runtime.bell.ring()
        try:
            self._fetch(lent)
        except LeaseLostError:
            logger.warning("lost the lease of job %s", lent.job.id)
        finally:
            self._runtime.bell.ring()
        return True

    def _fetch(self, lent: Lent) -> None:
        workspace, job = self._runtime.workspace, lent.job
        images = [
            RemoteImage(str(one["url"]), str(one["label"]), one.get("split"))
            for one in lent.payload["images"]
        ]
        try:
            dataset = fetch_dataset(
                workspace,
                self._fetcher,
                images,
                name=str(lent.payload["name"]),
                retention=self._runtime.settings.dataset_days * 86_400,
                owner=job.owner,
                progress=self._beat(lent),
            )
            completion.complete_fetch(workspace, job.id, fence=job.fence, dataset=dataset)
        except LeaseLostError:
            raise
        except JobCancelledError as error:
            if self._stop.is_set():
                leases.release(workspace, job.id, fence=job.fence)
            else:
                self._fail(lent, leases.failure_of(error), transient=False)
        except StoreError as error:
            self._fail(lent, leases.failure_of(error), transient=True)
        except Task2VecError as error:
            self._fail(lent, leases.failure_of(error), transient=False)

    def _beat(self, lent: Lent) -> Progress:
        told = -inf

        def beat(done: int, total: int) -> bool:
            """Tell how far it is, and return whether to stop."""
            nonlocal told
            if self._stop.is_set():
                return True
            if done < total and monotonic() - told < _BEAT_SECONDS:
                return False
            told = monotonic()
            job = leases.heartbeat(
                self._runtime.workspace,
                lent.job.id,
                fence=lent.job.fence,
                progress=JobProgress(stage=_STAGE, done=done, total=total),
                seconds=lent.seconds,
            )
            self._runtime.bell.ring()
            return job.state is JobState.CANCELLING

        return beat

    def _fail(self, lent: Lent, failure: JobFailure, *, transient: bool) -> None:
        leases.fail(
            self._runtime.workspace,
            lent.job.id,
            fence=lent.job.fence,
            failure=failure,
            transient=transient,
        )
