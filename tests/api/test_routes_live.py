"""What takes a real connection: events as they happen, workers that wait, clients that leave."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from filled import built, zipped
from real_port import on_a_port

from task2vec.service.workspace import Workspace


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[httpx2.Client, Workspace]]:
    shutil.copytree(built(), tmp_path / "store")
    with (
        on_a_port(tmp_path / "store") as (url, workspace),
        httpx2.Client(base_url=url, timeout=20.0) as client,
    ):
        yield client, workspace


@pytest.fixture
def dataset(served: tuple[httpx2.Client, Workspace], tmp_path: Path) -> str:
    data = zipped(tmp_path, "greek_capitals")
    sent = served[0].post("/v1/datasets", files={"file": ("new.zip", data)})
    return str(sent.json()["id"])


def submit(client: httpx2.Client, dataset: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/tasks", json={"dataset": dataset, **more})
    return dict(answer.json())


def follow(client: httpx2.Client, job: str, seen: list[tuple[float, str, str]], **headers) -> None:
    with client.stream("GET", f"/v1/jobs/{job}/events", headers=headers) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                seen.append((time.monotonic(), data["job"]["state"], str(data["id"])))


def wait_for(condition, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "in time"
        time.sleep(0.02)


def test_events_come_as_they_happen_and_end_with_the_job(served, dataset: str) -> None:
    client, _ = served
    job = submit(client, dataset)
    seen: list[tuple[float, str, str]] = []
    thread = threading.Thread(target=follow, args=(client, job["id"], seen))
    thread.start()
    wait_for(lambda: len(seen) == 1)
    before = time.monotonic()
    client.post("/v1/leases", json={"worker": "w", "kinds": ["embed"]})
    wait_for(lambda: len(seen) == 2)
    assert seen[1][0] - before < 0.6
    client.post(f"/v1/jobs/{job['id']}:cancel")
    wait_for(lambda: len(seen) == 3)
    assert thread.is_alive()
    lease = {"fence": 1, "code": "job_cancelled", "problem": "stopped"}
    client.post(f"/v1/leases/{job['id']}:fail", json=lease)
    thread.join(5)
    assert not thread.is_alive()
    assert [state for _, state, _ in seen] == ["queued", "running", "cancelling", "cancelled"]


def test_a_lost_connection_is_taken_up_where_it_broke(served, dataset: str) -> None:
    client, _ = served
    job = submit(client, dataset)
    first: list[tuple[float, str, str]] = []
    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("id: "):
                first.append((0.0, "queued", line.removeprefix("id: ")))
                break
    client.post("/v1/leases", json={"worker": "w", "kinds": ["embed"]})
    client.post(f"/v1/leases/{job['id']}:fail", json={"fence": 1, "code": "x", "problem": "y"})
    rest: list[tuple[float, str, str]] = []
    follow(client, job["id"], rest, **{"Last-Event-ID": first[-1][2]})
    assert [state for _, state, _ in rest] == ["running", "failed"]


def test_many_followers_hold_no_threads(served, dataset: str) -> None:
    """More than the server has threads: the others are answered all the same."""
    client, _ = served
    job = submit(client, dataset)
    before = threading.active_count()
    limits = httpx2.Limits(max_connections=100)
    seen: list[tuple[float, str, str]] = []
    with httpx2.Client(base_url=client.base_url, timeout=20.0, limits=limits) as many:
        threads = [threading.Thread(target=follow, args=(many, job["id"], seen)) for _ in range(60)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(seen) == 60)
        # Those of this test, and the pool's of the server, which has 40 at most.
        assert threading.active_count() - before <= 60 + 41
        started = time.monotonic()
        assert client.get("/v1/tasks").status_code == 200
        assert time.monotonic() - started < 1.0
        client.post(f"/v1/jobs/{job['id']}:cancel")
        for thread in threads:
            thread.join(10)
    assert len(seen) == 120
    assert {state for _, state, _ in seen[60:]} == {"cancelled"}


def test_a_worker_that_waits_gets_a_job_at_once(served, dataset: str) -> None:
    client, _ = served
    got: list[tuple[float, Any]] = []

    def lend() -> None:
        body = {"worker": "w", "kinds": ["embed"]}
        answer = client.post("/v1/leases", json=body, params={"wait": 10})
        got.append((time.monotonic(), answer.json()))

    thread = threading.Thread(target=lend)
    thread.start()
    time.sleep(0.3)
    asked = time.monotonic()
    job = submit(client, dataset)
    thread.join(5)
    assert got[0][1]["job"] == job["id"]
    assert got[0][0] - asked < 0.6
    started = time.monotonic()
    body = {"worker": "w", "kinds": ["embed"]}
    nothing = client.post("/v1/leases", json=body, params={"wait": 0.5})
    assert (nothing.status_code, nothing.content) == (204, b"")
    assert 0.4 < time.monotonic() - started < 2.0


def test_a_worker_that_has_gone_is_lent_nothing(served, dataset: str) -> None:
    client, workspace = served
    body = json.dumps({"worker": "w", "kinds": ["embed"]}).encode()
    with socket.create_connection((client.base_url.host, client.base_url.port)) as raw:
        raw.sendall(
            b"POST /v1/leases?wait=20 HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        time.sleep(0.3)
    time.sleep(0.3)
    job = submit(client, dataset)
    time.sleep(1.5)
    assert workspace.store().jobs.get(job["id"]).state.value == "queued"


@pytest.mark.parametrize("ending", ["close", "reset"])
def test_a_client_that_leaves_in_the_middle_leaves_nothing(served, ending: str) -> None:
    client, workspace = served
    uploads = workspace.path / "uploads"
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
    with socket.create_connection((client.base_url.host, client.base_url.port)) as raw:
        raw.sendall(
            b"POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
            + head
        )
        for _ in range(3):
            raw.sendall(bytes(2**20))
        wait_for(lambda: any(path.stat().st_size > 2**20 for path in uploads.glob("*")))
        if ending == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    wait_for(lambda: not list(uploads.glob("*")))
    assert client.get("/v1/datasets").json()["datasets"] == []


def test_an_upload_is_never_held_in_memory(served, tmp_path: Path) -> None:
    """Sent in pieces, it lies on the disk before it has come to its end."""
    client, workspace = served
    sizes: list[int] = []

    def pieces() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n'
        for _ in range(16):
            yield bytes(2**20)
            time.sleep(0.02)
            sizes.extend(path.stat().st_size for path in (workspace.path / "uploads").glob("*"))
        yield b"\r\n--b--\r\n"

    answer = client.post(
        "/v1/datasets",
        content=pieces(),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 422
    assert max(sizes) > 12 * 2**20
    assert list((workspace.path / "uploads").glob("*")) == []


def test_what_a_killed_server_left_is_swept_at_the_start(tmp_path: Path) -> None:
    shutil.copytree(built(), tmp_path / "store")
    (tmp_path / "store" / "uploads").mkdir()
    (tmp_path / "store" / "uploads" / "half.partial").write_bytes(b"x")
    with on_a_port(tmp_path / "store") as (_, workspace):
        assert list((workspace.path / "uploads").glob("*")) == []
