"""A real server with a real worker: what becomes of its job when it dies or hangs."""

import json
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


def running_job(client: httpx2.Client, folder: Path, name: str) -> str:
    """Upload a data set, have it embedded, and return the job's id once a worker has it."""
    archive = {"file": ("tops.zip", zipped(folder / name), "application/zip")}
    uploaded = client.post("/v1/datasets", files=archive, data={"name": name})
    assert uploaded.status_code == 201, uploaded.text
    asked = client.post("/v1/tasks", json={"dataset": uploaded.json()["id"]})
    assert asked.status_code == 202, asked.text
    job: str = asked.json()["id"]
    until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "running")
    return job


def finished(client: httpx2.Client, job: str) -> dict[str, Any] | None:
    found: dict[str, Any] = client.get(f"/v1/jobs/{job}").json()
    return found if found["state"] in ("succeeded", "failed", "cancelled") else None


def test_jobs_outlive_their_workers_and_the_server(live: LiveServer, tmp_path: Path) -> None:
    store = tmp_path / "s"
    url = live.start([*ONE_WORKER, "--lease-seconds", "6"], store=store)
    live.wait_until_ready()
    with httpx2.Client(base_url=url) as client:
        # Of one that hangs, the lease tells.
        job = running_job(client, tmp_path, "tops")
        hung, noticed = disturb(client, store, job, signal.SIGSTOP)
        assert noticed < 11
        ended = until(lambda: finished(client, job))
        assert (ended["state"], ended["attempts"]) == ("succeeded", 2)
        tasks = client.get("/v1/tasks").json()["tasks"]
        assert [task["name"] for task in tasks] == ["tops"]
        (second,) = workers(store)
        assert second.pid != hung.pid
        assert not psutil.pid_exists(hung.pid) or not hung.is_running()

        # One that dies is missed at once.
        job = running_job(client, tmp_path, "again")
        killed, noticed = disturb(client, store, job, signal.SIGKILL)
        assert killed.pid == second.pid
        assert noticed < 3
        until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "running")
    pool = workers(store)
    assert live.stop() == 0

    assert not any(worker.is_running() for worker in pool)
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


def disturb(
    client: httpx2.Client, store: Path, job: str, with_: signal.Signals
) -> tuple[psutil.Process, float]:
    """Send the worker a signal; return it, and the seconds until its job was free again."""
    (worker,) = workers(store)
    worker.send_signal(with_)
    begun = time.monotonic()
    until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] != "running")
    noticed = time.monotonic() - begun
    assert client.get(f"/v1/jobs/{job}").json()["error"]["code"] == "worker_lost"
    return worker, noticed
