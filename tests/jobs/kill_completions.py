"""Complete every leased job of a store in processes that are killed at random moments.

Prints a line of JSON: how many were killed before and after the commit. A process that was killed
is followed by another that does the same once more, as a worker that got no answer has it.
"""

import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from served import NOW, Found, embedded, tuned

from task2vec.jobs import leases
from task2vec.jobs.leases import complete
from task2vec.service.workspace import Workspace
from task2vec.types import JobKind, JobState

#: After this many kills a job is let go.
_MOST_KILLS = 5


def main(directory: str, sent: str, seed: str) -> None:
    path, kills = Path(directory), {"before": 0, "after": 0, "spared": 0}
    moments = random.Random(int(seed))
    # How long a completion takes on this machine now: kills fall into all of it, and just after.
    usual: dict[JobKind, float] = {}
    for number in range(10_000):
        with Workspace(path) as workspace:
            lent = leases.lease(workspace, worker="w", kinds=list(JobKind), now=NOW)
            if lent is None:
                break
        kind = lent.job.kind
        for attempt in range(_MOST_KILLS + 1):
            found = _find(path, lent, Path(sent), number)
            spared = attempt == _MOST_KILLS or kind not in usual
            delay = None if spared else moments.uniform(0, 1.3 * usual[kind])
            seconds = _complete_apart(path, lent, found, kill_after=delay)
            if seconds is not None:
                usual[kind] = seconds if spared else usual[kind]
                kills["spared"] += 1
                break
            with Workspace(path) as workspace:
                state = workspace.store().jobs.get(lent.job.id).state
            kills["after" if state is JobState.SUCCEEDED else "before"] += 1
    print(json.dumps(kills))


def _find(path: Path, lent: leases.Lent, sent: Path, number: int) -> Found:
    """Send the files again: what came of the last try may be gone."""
    if lent.job.kind is JobKind.EMBED:
        return embedded(sent, number)
    with Workspace(path) as workspace:
        return tuned(workspace, number, new=True)


def _complete_apart(
    path: Path, lent: leases.Lent, found: Found, *, kill_after: float | None
) -> float | None:
    """Return how long a process of its own took to acknowledge the end of the job; None if killed.

    It is killed some seconds after it began, unless it has ended by then.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        with suppress(BaseException):
            workspace = Workspace(path)
            workspace.store()
            os.write(writing, b".")
            sent = found.findings(lent.job.fence)
            job = complete(workspace, lent.job.id, sent=sent, files=found.files, now=NOW + 5)
            os._exit(0 if job.state is JobState.SUCCEEDED else 3)
        os._exit(4)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    began = time.monotonic()
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), f"the completion ended with {code}"
    return None if code else time.monotonic() - began


if __name__ == "__main__":
    main(*sys.argv[1:])
