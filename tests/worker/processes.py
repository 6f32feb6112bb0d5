"""A real server without workers, and workers as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

ENDED = ("succeeded", "failed", "cancelled")
_SECONDS = 180.0


@dataclass
class WorkerProcess:
    """`task2vec worker`; ``log`` is where it writes."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def told(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def began(self, job: str) -> bool:
        return f"job {job} " in self.told()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@dataclass
class Site:
    """A server at ``url``, and those who work for it."""

    url: str
    folder: Path
    workers: list[WorkerProcess] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = httpx2.Client(base_url=f"{self.url}/v1", timeout=60, trust_env=False)

    def hire(self, name: str, *, program: Sequence[str] = ("-m", "task2vec")) -> WorkerProcess:
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, *program, "worker", "--url", self.url, "--name", name],
                stdout=file,
                stderr=file,
                env={**os.environ, "TMPDIR": str(self.folder), "OMP_NUM_THREADS": "1"},
            )
        found = WorkerProcess(name, process, log)
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
            logs = "\n".join(f"--- {worker.name}\n{worker.told()}" for worker in self.workers)
            assert time.monotonic() < end, f"{job}\n{logs}"
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
                worker.process.kill()
            worker.process.wait()


def working(job: dict[str, Any]) -> bool:
    """Whether a job is in the middle of its longest part."""
    return bool(job["progress"]["stage"] == "fisher")
