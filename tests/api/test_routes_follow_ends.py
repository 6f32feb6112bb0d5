"""When a stream of events ends: with the job, with the key, whatever the client claims to know."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from filled import built, zipped
from real_port import on_a_port

from task2vec.service import keys
from task2vec.service.workspace import Workspace
from task2vec.types import Scope

Served = tuple[httpx2.Client, Workspace, str]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    shutil.copytree(built(), tmp_path / "store")
    with (
        on_a_port(tmp_path / "store") as (url, workspace),
        httpx2.Client(base_url=url, timeout=20.0) as client,
    ):
        data = zipped(tmp_path, "greek_capitals")
        dataset = client.post("/v1/datasets", files={"file": ("new.zip", data)}).json()["id"]
        job = client.post("/v1/tasks", json={"dataset": dataset}).json()["id"]
        yield client, workspace, job


class Following:
    """A client that reads a stream to its end in a thread of its own."""

    def __init__(self, client: httpx2.Client, job: str, **headers: str) -> None:
        self.ids: list[str] = []
        self.opened = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(client, job, headers), daemon=True)
        self._thread.start()

    def _read(self, client: httpx2.Client, job: str, headers: dict[str, str]) -> None:
        with client.stream("GET", f"/v1/jobs/{job}/events", headers=headers) as stream:
            assert stream.status_code == 200
            self.opened.set()
            for line in stream.iter_lines():
                if line.startswith("id: "):
                    self.ids.append(line.removeprefix("id: "))

    def ended(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()


def test_a_client_ahead_of_the_job_is_let_go_when_the_job_ends(served: Served) -> None:
    client, workspace, job = served
    following = Following(client, job, **{"Last-Event-ID": "999999"})
    assert following.opened.wait(5)
    assert not following.ended(1.5), "the job has not ended"
    client.post(f"/v1/jobs/{job}:cancel")
    assert following.ended(3)
    assert following.ids == []
    assert workspace.store().jobs.get(job).state.final


def test_a_stream_ends_with_the_key_that_opened_it(served: Served) -> None:
    client, workspace, job = served
    lost, kept = (keys.create(workspace, name, [Scope.READ]) for name in ("lost", "kept"))
    time.sleep(0.6)
    followings = [
        Following(client, job, Authorization=f"Bearer {key.secret}") for key in (lost, kept)
    ]
    assert all(following.opened.wait(5) for following in followings)
    keys.revoke(workspace, "lost")
    assert followings[0].ended(1.2)
    assert not followings[1].ended(0.5)
    workspace.store().jobs.cancel(job, now=time.time())
    assert followings[1].ended(3)
    assert len(followings[0].ids) == 1
    assert len(followings[1].ids) == 2


def test_a_stream_ends_when_its_key_expires(served: Served) -> None:
    client, workspace, job = served
    key = keys.create(workspace, "short", [Scope.READ], days=2.0 / 86_400)
    time.sleep(0.6)
    following = Following(client, job, Authorization=f"Bearer {key.secret}")
    assert following.opened.wait(1)
    assert following.ended(3)


def test_who_came_without_a_key_is_let_go_when_the_first_key_is_made(served: Served) -> None:
    client, workspace, job = served
    following = Following(client, job)
    assert following.opened.wait(5)
    keys.create(workspace, "first", [Scope.READ])
    assert following.ended(1.2)
