"""The thread that fetches data sets from elsewhere, by jobs like any other work."""

from task2vec.jobs import fetch
from task2vec.jobs.leases import Lent, succeed
from task2vec.messages.datasets import Dataset
from task2vec.service.datasets.fetch_policy import FetchPolicy
from task2vec.service.datasets.fetching import Fetcher
from task2vec.types import JobKind
from task2vec_api.in_process_worker import Beat, OwnWork
from task2vec_api.runtime import Runtime
from task2vec_api.settings import Settings

_IDLE_SECONDS = 0.5


def policy_of(settings: Settings) -> FetchPolicy:
    """Return what the settings let the server fetch."""
    return FetchPolicy(hosts=settings.fetch_hosts, total_bytes=settings.fetch_bytes)


class Fetches(OwnWork):
    """Works on the jobs of the kind fetch."""

    def __init__(self, runtime: Runtime, *, fetcher: Fetcher | None = None) -> None:
        super().__init__(runtime, kind=JobKind.FETCH, stage="fetching", idle=_IDLE_SECONDS)
        self._fetcher = fetcher or Fetcher(policy_of(runtime.settings))

    def start(self) -> None:
        """Begin, if the policy allows any host."""
        if self._fetcher.policy.hosts:
            super().start()

    def stop(self, seconds: float) -> None:
        """Hand back what is under way, and end."""
        super().stop(seconds)
        self._fetcher.close()

    def do(self, lent: Lent, beat: Beat) -> None:
        """Fetch a data set, and store it."""
        workspace, job = self._runtime.workspace, lent.job
        dataset = fetch.run(
            workspace,
            lent.work,
            self._fetcher,
            retention=self._runtime.settings.dataset_days * 86_400,
            owner=job.owner,
            progress=beat,
        )
        succeed(workspace, job.id, fence=job.fence, answer=Dataset.model_validate(dataset))
