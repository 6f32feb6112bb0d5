"""A real server with a real worker: what becomes of its job when it dies or hangs."""

import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from filled import zipped
from live_server import LiveServer

from task2vec.service.workspace import Workspace
from task2vec.types import JobState

ONE_WORKER = ["--workers", "1"]


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with LiveServer(tmp_path / "log.txt") as server:
        yield server


def until(there: Callable[[], Any], seconds: float = 200.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def workers(store: Path) -> list[psutil.Process]:
    from task2vec.service.ownership import server_of

    server = server_of(store)
    assert server is not None
    # The server has other children: those that read uploads.
    children = psutil.Process(server.pid).children()
    return [child for child in children if "worker" in child.cmdline()]


def running_job(client: httpx2.Client, folder: Path) -> str:
    """Upload a data set, have it embedded, and return the job's id once a worker has it."""
    archive = {"file": ("tops.zip", zipped(folder), "application/zip")}
    uploaded = client.post("/v1/datasets", files=archive, data={"name": "tops"})
    assert uploaded.status_code == 201, uploaded.text
    asked = client.post("/v1/tasks", json={"dataset": uploaded.json()["id"]})
    assert asked.status_code == 202, asked.text
    job: str = asked.json()["id"]
    until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "running")
    return job


def finished(client: httpx2.Client, job: str) -> dict[str, Any] | None:
    found: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
    return found if found["state"] in ("succeeded", "failed", "cancelled") else None


@pytest.mark.parametrize("manner", ["killed", "hung"])
def test_a_job_outlives_its_worker(live: LiveServer, tmp_path: Path, manner: str) -> None:
    store = tmp_path / "s"
    # Dead workers are noticed by their death; only hung ones by the lease.
    lease = "6" if manner == "hung" else "1000"
    url = live.start([*ONE_WORKER, "--lease-seconds", lease], store=store)
    live.wait_until_ready()
    with httpx2.Client(base_url=url) as client:
        (first,) = workers(store)
        job = running_job(client, tmp_path)
        first.send_signal(signal.SIGKILL if manner == "killed" else signal.SIGSTOP)
        begun = time.monotonic()
        until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] != "running")
        noticed = time.monotonic() - begun
        queued = client.get(f"/v1/jobs/{job}").json()
        ended = until(lambda: finished(client, job))
        tasks = client.get("/v1/tasks").json()["tasks"]
        (second,) = workers(store)

    assert noticed < (11 if manner == "hung" else 3)
    assert queued["error"]["code"] == "worker_lost"
    assert (ended["state"], ended["attempts"]) == ("succeeded", 2)
    assert [task["name"] for task in tasks] == ["tops"]
    assert second.pid != first.pid
    assert not psutil.pid_exists(first.pid) or not first.is_running()


def test_no_job_stays_with_a_worker_when_the_server_stops(live: LiveServer, tmp_path: Path) -> None:
    store = tmp_path / "s"
    url = live.start(ONE_WORKER, store=store)
    live.wait_until_ready()
    with httpx2.Client(base_url=url) as client:
        job = running_job(client, tmp_path)
    crew = workers(store)
    assert live.stop() == 0

    assert not any(worker.is_running() for worker in crew)
    # The workers' lines are in the server's log, and a program can read them as its own.
    lines = live.told().splitlines()
    plain = [line for line in lines if not line.startswith("{")]
    assert set(plain) <= {url, "Serving; stop with Ctrl-C."}, "for the person who started it"
    logged = [json.loads(line) for line in lines if line not in plain]
    assert {"task2vec.server", "task2vec.worker"} <= {line["logger"] for line in logged}
    with Workspace(store) as workspace:
        found = workspace.store().jobs.get(job)
    # Free for the next worker at once, whether it was handed back or had to be taken. It may have
    # been quick enough to finish.
    assert found.state in (JobState.QUEUED, JobState.SUCCEEDED)
    assert found.worker is None or found.state is JobState.SUCCEEDED
    shutil.rmtree(store)
