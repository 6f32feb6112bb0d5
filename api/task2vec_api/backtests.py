"""The thread that judges the recommender, by jobs like any other work."""

from task2vec.errors import JobCancelledError
from task2vec.jobs import backtest
from task2vec.jobs.leases import Lent, succeed
from task2vec.types import JobKind
from task2vec_api.in_process_worker import Beat, OwnWork
from task2vec_api.runtime import Runtime

# For jobs that are tried again: new ones wake it.
_IDLE_SECONDS = 5.0
# A step is a task; on a busy machine some take longer than a minute.
_STEPS = 10.0


class Backtests(OwnWork):
    """Works on the jobs of the kind backtest."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(
            runtime, kind=JobKind.BACKTEST, stage="asking", idle=_IDLE_SECONDS, steps=_STEPS
        )

    def do(self, lent: Lent, beat: Beat) -> None:
        """Judge, and answer."""

        def tell(done: int, total: int) -> None:
            if beat(done, total):
                raise JobCancelledError("The backtest was stopped")

        workspace, job = self._runtime.workspace, lent.job
        answer = backtest.run(workspace, lent.work, progress=tell)
        succeed(workspace, job.id, fence=job.fence, answer=answer)
