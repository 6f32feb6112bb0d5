"""A real server without workers, and workers as processes of their own."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import eager_worker
import httpx2
from fork_server import ForkServer
from live_server import LiveServer

#: Seconds.
LEASE = 5.0
ENDED = ("succeeded", "failed", "cancelled")
_SECONDS = 180.0


@dataclass
class WorkerProcess:
    """`task2vec worker`; ``log`` is where it writes.

    It is a fork: ``process`` starts it, and ends as it does.
    """

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        found = re.match(r"process (\d+)\n", self.told())
        assert found is not None
        return int(found[1])

    def told(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def began(self, job: str) -> bool:
        return f"job {job} " in self.told()

    def working(self, job: str) -> bool:
        """Whether it is, or has been, in the middle of the longest part of a job."""
        return "\nfisher: " in self.told().partition(f"job {job} ")[2]

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


@dataclass
class Site:
    """A server at ``url``, and those who work for it."""

    url: str
    folder: Path
    programs: ForkServer
    workers: list[WorkerProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=f"{self.url}/v1", timeout=60, trust_env=False)

    def hire(self) -> WorkerProcess:
        name = f"w{len(self.workers)}"
        log = self.folder / f"{name}.log"
        options = ["worker", "--url", self.url, "--name", name]
        with log.open("wb") as file:
            process = subprocess.Popen(
                self.programs.command(Path(eager_worker.__file__), *options),
                stdout=file,
                stderr=file,
                env={**os.environ, "TMPDIR": str(self.folder), "OMP_NUM_THREADS": "1"},
            )
        found = WorkerProcess(process, log)
        self.workers.append(found)
        return found

    def post(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(path, json=question)
        assert answer.status_code in (200, 201, 202), answer.text
        found: dict[str, Any] = answer.json()
        return found

    def upload(self, name: str, source: Path) -> str:
        """Send an archive; return the data set's id."""
        answer = self.client.post(
            "/datasets", data={"name": name}, files={"file": (source.name, source.read_bytes())}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def embed(self, dataset: str, **question: Any) -> str:
        return str(self.post("/tasks", {"dataset": dataset, **question})["id"])

    def job(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/jobs/{id_}").raise_for_status().json()
        return found

    def until(self, id_: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the job once something is true of it."""
        end = time.monotonic() + _SECONDS
        while not true(job := self.job(id_)):
            logs = "\n".join(f"--- {worker.log}\n{worker.told()}" for worker in self.workers)
            assert time.monotonic() < end, f"{job}\n{logs}"
            assert job["state"] not in ENDED, f"{job}\n{logs}"
            time.sleep(0.1)
        return job

    def result(self, id_: str) -> dict[str, Any]:
        job = self.until(id_, lambda job: job["state"] in ENDED)
        assert job["state"] == "succeeded", job
        found: dict[str, Any] = job["result"]
        return found

    def task_names(self) -> list[str]:
        return [task["name"] for task in self.client.get("/tasks").json()["tasks"]]

    def close(self) -> None:
        self.client.close()
        for worker in self.workers:
            if worker.process.poll() is None:
                # Also one that was stopped takes this.
                worker.send(signal.SIGKILL)
            worker.process.wait()


@contextmanager
def running(folder: Path, programs: ForkServer) -> Iterator[Site]:
    """Run a server on the store in a folder."""
    options = ["--workers", "0", "--lease-seconds", f"{LEASE:g}"]
    with LiveServer(folder / "server.log") as server:
        site = Site(server.start(options, store=folder / "store"), folder, programs)
        try:
            yield site
        finally:
            site.close()
