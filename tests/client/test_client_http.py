"""Both clients over a real connection: breaks, refusals, events, uploads."""

import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from scripted_server import DATASET, Far, job
from small_store import cut

from task2vec import AsyncClient, Client
from task2vec.client.upload.pack import pack
from task2vec.errors import (
    DeadlineError,
    InputError,
    JobFailedError,
    OverloadedError,
    ServiceError,
    SettingError,
    UnreachableError,
)
from task2vec.messages.jobs import Progress

PROBLEM = {"title": "", "status": 422, "code": "bad_source", "detail": "No images"}


def test_a_request_says_who_asks(connect: Any, far: Far) -> None:
    assert connect(far.url + "/").probes() == ()
    ((method, path, headers),) = far.asked
    assert (method, path) == ("GET", "/v1/probes")
    assert headers["authorization"] == "Bearer t2v_key"
    assert headers["request-timeout"] == "60"
    assert headers["user-agent"].startswith("task2vec/")


@pytest.mark.parametrize(
    ("name", "told"), [("m.gif", "ends in .png"), ("nowhere/m.png", "a folder that exists")]
)
def test_a_map_without_a_place_is_not_asked_for(
    connect: Any, far: Far, tmp_path: Path, name: str, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        connect(far.url).map(tmp_path / name)
    assert far.asked == []


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_timeout_is_some_time(timeout: float) -> None:
    for kind in (Client, AsyncClient):
        with pytest.raises(SettingError, match="timeout"):
            kind("http://127.0.0.1:1", timeout=timeout)


def test_a_timeout_that_a_server_does_not_take_is_the_clients_own(connect: Any, far: Far) -> None:
    connect(far.url, timeout=10_000).probes()
    connect(far.url, timeout=0.9).probes()
    assert all("request-timeout" not in headers for _, _, headers in far.asked)


def test_a_busy_server_is_asked_again(connect: Any, far: Far) -> None:
    far.refusals = [(503, {"Retry-After": "0"}), (429, {})]

    assert connect(far.url).probes() == ()
    assert len(far.asked) == 3


def test_a_server_that_stays_busy_is_told_of(connect: Any, far: Far) -> None:
    far.refusals = [(503, {"Retry-After": "0"})] * 2

    with pytest.raises(OverloadedError, match="Busy"):
        connect(far.url, tries=2).probes()


def test_nobody_there_is_told_with_the_address_and_the_remedy(connect: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UnreachableError) as caught:
        connect(url, tries=2).probes()

    assert url in str(caught.value)
    assert "task2vec serve" in str(caught.value)


def test_a_slow_server_is_not_waited_for_forever(connect: Any, far: Far) -> None:
    far.slow = 0.4

    with pytest.raises(DeadlineError, match="/v1/probes"):
        connect(far.url, timeout=0.1).probes()
    assert len(far.asked) == 1


def test_another_program_is_told_so(connect: Any, far: Far) -> None:
    with pytest.raises(ServiceError, match="address"):
        connect(far.url + "/elsewhere").probes()


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8000", "ftp://a", "http://", "http://a:x", "http://a?b", "http://u:secret@a"],
)
def test_what_is_no_address(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TASK2VEC_URL", raising=False)
    for kind in (Client, AsyncClient):
        with pytest.raises(SettingError) as caught:
            kind(url)
        assert "secret" not in str(caught.value)


def test_address_and_key_from_the_environment(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASK2VEC_URL", far.url)
    monkeypatch.setenv("TASK2VEC_API_KEY", "from_outside")
    with Client() as client:
        client.probes()
        assert repr(client) == f"Client('{far.url}')"
    assert far.asked[0][2]["authorization"] == "Bearer from_outside"


def events(*states: str) -> list[dict[str, Any]]:
    return [
        {"kind": "progress" if state == "running" else "state", "job": job(state, done=done)}
        for done, state in enumerate(states)
    ]


@pytest.mark.parametrize("cut_after", [100, 1, 2], ids=["whole", "cut after each", "cut after two"])
def test_a_wait_hears_every_event_once(connect: Any, far: Far, cut_after: int) -> None:
    far.events = events("running", "running", "running", "succeeded")
    far.cut = cut_after
    told: list[Progress] = []

    done = connect(far.url).jobs.wait("job_1", progress=told.append)

    assert done.state == "succeeded"
    steps = [progress.done for progress in told]
    assert steps == sorted(steps)
    assert set(steps) == {0, 1, 2, 3}
    resumed = [h.get("last-event-id") for _, path, h in far.asked if path.endswith("events")]
    assert resumed[0] is None
    assert resumed == sorted(resumed, key=lambda id_: int(id_ or 0))


def test_nothing_is_told_before_a_worker_has_begun(connect: Any, far: Far) -> None:
    far.events = events("queued", "running", "succeeded")
    far.events[0]["job"]["progress"] = {"stage": "", "done": 0, "total": 0}
    far.cut = 1
    told: list[Progress] = []

    connect(far.url).jobs.wait("job_1", progress=told.append)

    assert {progress.total for progress in told} == {3}
    assert told[-1].done == 3


def test_events_are_given_once_over_a_broken_line(connect: Any, far: Far) -> None:
    far.events, far.cut = events("running", "running", "succeeded"), 1
    client = connect(far.url)

    assert [event.id for event in client.jobs.events("job_1")] == [1, 2, 3]
    far.streams = 0
    assert [event.id for event in client.jobs.events("job_1", after=2)] == [3]


def test_a_failed_job_is_raised_with_its_reason(connect: Any, far: Far) -> None:
    far.events, far.final = events("failed"), job("failed", error=PROBLEM)

    with pytest.raises(JobFailedError, match="No images") as caught:
        connect(far.url).jobs.wait("job_1")
    assert caught.value.job.id == "job_1"


def test_a_wait_that_takes_too_long_says_where_the_job_is(connect: Any, far: Far) -> None:
    with pytest.raises(DeadlineError, match=r"client\.jobs\.wait"):
        connect(far.url).jobs.wait("job_1", timeout=0.05)


def test_a_server_without_tls_is_not_told_to_be_started(connect: Any, far: Far) -> None:
    with pytest.raises(UnreachableError, match="without TLS: write the address with http://"):
        connect(far.url.replace("http:", "https:"), tries=1).probes()


def test_a_wait_that_loses_the_server_says_where_the_job_is(connect: Any, far: Far) -> None:
    client = connect(far.url, tries=1)
    # As from a proxy whose server is gone, from the second question on.
    far.refusals = [None, None, *[(502, {})] * 10]

    with pytest.raises(ServiceError, match=r"goes on.*`task2vec jobs wait job_1`") as caught:
        client.jobs.wait("job_1")
    assert "client.jobs.wait('job_1')" in str(caught.value)


def test_a_source_is_sent_whole_and_its_progress_told(
    connect: Any, far: Far, tmp_path: Path
) -> None:
    source = cut("emoji_food", tmp_path / "food", classes=2, images=3)
    told: list[Progress] = []
    payload = pack(source)

    found = connect(far.url).datasets.upload(source, progress=told.append)

    assert found.id == DATASET["id"]
    assert b"".join(payload.chunks()) in far.bodies[0]
    post = far.asked[-1][2]
    assert int(post["content-length"]) == len(far.bodies[0])
    assert "transfer-encoding" not in post
    # However long it takes: a deadline would end it half way.
    assert "request-timeout" not in post
    assert (told[0].done, told[-1].done) == (0, payload.length)
    assert {progress.total for progress in told} == {payload.length}


def test_what_the_server_has_is_not_sent_again(connect: Any, far: Far, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "food", classes=2, images=3)
    far.known = [{**DATASET, "id": "other", "name": "other"}, DATASET]

    assert connect(far.url).datasets.upload(source).id == DATASET["id"]
    assert far.bodies == []
    assert [method for method, _, _ in far.asked] == ["GET"]


def test_what_expires_soon_is_sent_again(connect: Any, far: Far, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "food", classes=2, images=3)
    far.known = [{**DATASET, "expires": "2026-01-01T00:00:01Z"}]

    connect(far.url).datasets.upload(source)
    assert len(far.bodies) == 1


def test_an_upload_is_repeated_whole(connect: Any, far: Far, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "food", classes=2, images=3)
    far.refusals = [None, (429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]

    connect(far.url).datasets.upload(source)

    keys = {h["idempotency-key"] for method, _, h in far.asked if method == "POST"}
    assert len(keys) == 1
    assert len(far.bodies) == 3
    assert set(far.bodies) == {far.bodies[0]}


def test_an_interrupted_wait_says_how_to_find_the_job(far: Far) -> None:
    code = f"import task2vec; task2vec.Client({far.url!r}).jobs.wait('job_1')"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has interruptions ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )
    waiting = threading.Event()
    while not any(path.endswith("events") for _, path, _ in far.asked):
        assert not waiting.wait(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)

    assert "Job job_1 goes on at the server" in told
    assert "`task2vec jobs wait job_1` (`client.jobs.wait('job_1')`)" in told
    assert "`task2vec jobs cancel job_1` (`client.jobs.cancel('job_1')`)" in told
    assert not any("cancel" in path for _, path, _ in far.asked)
