"""A real server, on a real port."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import numpy as np
import psutil
import pytest
import trustme
from factories import make_embedding, make_record
from live_server import LiveServer

from task2vec.service import keys
from task2vec.service.workspace import Workspace
from task2vec.store import Store
from task2vec.types import Scope

NO_WORKERS = ["--workers", "0"]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(tmp_path / "log.txt") as server:
        yield server


def talk(url: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send bytes over a connection of one's own; return everything that comes until it closes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        received = b""
        with contextlib.suppress(ConnectionError):
            while chunk := connection.recv(65536):
                received += chunk
        return received


def test_a_server_owns_its_store_and_ends_in_good_order(live: LiveServer, tmp_path: Path) -> None:
    store = tmp_path / "s"
    url = live.start(NO_WORKERS, store=store)
    assert httpx2.get(f"{url}/livez").json() == {"status": "alive"}
    command = [sys.executable, "-m", "task2vec"]
    listing = subprocess.run([*command, "list", "--store", store], capture_output=True, text=True)
    assert listing.returncode == 2
    # Wherever the line is broken.
    assert f"--url {url}" in " ".join(listing.stderr.split())
    second = subprocess.run(
        [*command, "serve", "--port", "0", "--store", store], capture_output=True, text=True
    )
    assert second.returncode == 2
    assert "works on the store" in " ".join(second.stderr.split())

    assert live.stop() == 0
    assert not (store / "server.json").exists()
    listing = subprocess.run([*command, "list", "--store", store], capture_output=True, text=True)
    assert listing.returncode == 0


@pytest.mark.parametrize(
    ("options", "people"), [([], True), (["--log-format", "json"], False)], ids=["auto", "json"]
)
def test_on_a_terminal_the_log_is_for_people(
    tmp_path: Path, options: list[str], people: bool
) -> None:
    command = [sys.executable, "-m", "task2vec", "serve", *NO_WORKERS, "--port", "0", *options]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command,
        env={**os.environ, "TASK2VEC_STORE": str(tmp_path / "s")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as server:
        os.close(theirs)
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        assert httpx2.get(f"{url}/v1/tasks", headers={"X-Request-ID": "mine"}).status_code == 200
        server.send_signal(signal.SIGTERM)
        told = b""
        # Linux ends a terminal whose other side is gone by an error.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                told += piece
    os.close(ours)

    (line,) = [line for line in told.decode().splitlines() if "/v1/tasks" in line]
    if people:
        assert re.fullmatch(r"\d\d:\d\d:\d\d GET /v1/tasks 200 in [\d,]+ ms \[mine\]", line)
    else:
        assert json.loads(line)["message"] == "GET /v1/tasks 200"


def test_a_request_under_way_is_finished_and_the_server_is_not_ready_meanwhile(
    live: LiveServer, tmp_path: Path
) -> None:
    url = live.start([*NO_WORKERS, "--drain-notice-seconds", "1.5"], store=tmp_path / "s")
    host, port = url.removeprefix("http://").split(":")
    body = json.dumps({"task": "nobody"}).encode()
    head = (
        b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        connection.sendall(head + body[:5])
        time.sleep(0.3)
        process = json.loads((tmp_path / "s" / "server.json").read_text())["pid"]
        os.kill(process, signal.SIGTERM)
        time.sleep(0.3)
        answer = httpx2.get(f"{url}/readyz")
        assert answer.status_code == 503
        assert "the server is about to stop" in answer.json()["reasons"]
        time.sleep(0.2)
        connection.sendall(body[5:])
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    assert received.startswith(b"HTTP/1.1 404 ")
    assert live.stop() == 0


SERVE = """
import gc, os, signal, sys
from pathlib import Path
from task2vec_api.serving import serve
from task2vec_api.settings import Settings

def ready(url):
    print(len(gc.get_objects()), gc.get_freeze_count())
    os.kill(os.getpid(), signal.SIGTERM)

serve(Path(sys.argv[1]), Settings(port=0, workers=0), ready=ready)
"""


def test_the_garbage_collector_looks_at_little_in_a_server(tmp_path: Path) -> None:
    # What it looks at decides how long no request is answered.
    done = subprocess.run(
        [sys.executable, "-c", SERVE, tmp_path / "s"], capture_output=True, text=True, check=True
    )
    looked_at, spared = map(int, done.stdout.split())
    assert looked_at < 20_000 < spared


def test_workers_and_requests_have_one_time_to_end_in(live: LiveServer, tmp_path: Path) -> None:
    options = ["--workers", "1", "--drain-seconds", "4", "--header-seconds", "60"]
    url = live.start(options, store=tmp_path / "s")
    host, port = url.removeprefix("http://").split(":")
    server = json.loads((tmp_path / "s" / "server.json").read_text())["pid"]
    # A worker that hears nothing, and a client that never ends its request.
    # One that is suspended before it is another program would hold up the server that starts it.
    children = psutil.Process(server).children
    while not (workers := [each for each in children() if "worker" in each.cmdline()]):
        time.sleep(0.05)
    workers[0].suspend()
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        connection.sendall(
            b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
        )
        time.sleep(0.3)
        begun = time.monotonic()
        assert live.stop() == 0
        took = time.monotonic() - begun
    assert 4 <= took < 7.5
    assert not workers[0].is_running()


def test_a_map_that_takes_long_does_not_hold_up_the_end(live: LiveServer, tmp_path: Path) -> None:
    store = tmp_path / "s"
    add_tasks(store, 900)
    url = live.start([*NO_WORKERS, "--drain-seconds", "5"], store=store)
    with ThreadPoolExecutor(1) as pool:
        # It would take most of a minute, and no thread can be stopped.
        asked = pool.submit(httpx2.get, f"{url}/v1/map", timeout=120)
        time.sleep(4)
        assert not asked.done()
        begun = time.monotonic()
        assert live.stop() == 0
        took = time.monotonic() - begun
        answer = asked.result()

    assert took < 8
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
    assert answer.json()["detail"].startswith("The server stops")


def add_tasks(path: Path, count: int) -> None:
    """Store tasks that no plane holds."""
    rng = np.random.default_rng(0)
    provenance = make_record("any", id="").provenance
    with Store.open(path) as store:
        store.tasks.add_many(
            (
                make_record(f"task{i}", id="", provenance=provenance),
                make_embedding(rng.gamma(0.3, 1e-4, 50), provenance=provenance),
            )
            for i in range(count)
        )


@pytest.mark.parametrize("pieces", [1, 30])
def test_a_head_without_end_is_refused(live: LiveServer, tmp_path: Path, pieces: int) -> None:
    url = live.start([*NO_WORKERS, "--header-bytes", "4096"], store=tmp_path / "s")
    start = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Big: "

    whole = talk(url, start + b"a" * 3000 + b"\r\nConnection: close\r\n\r\n")
    large = talk(url, start, *[b"a" * (6000 // pieces)] * pieces, pause=0.01)
    ended = talk(url, start + b"a" * 6000 + b"\r\n\r\n")

    assert whole.startswith(b"HTTP/1.1 200 ")
    for answer in (large, ended):
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"application/problem+json" in answer
        assert b"x-request-id: req_" in answer


def test_who_does_not_get_on_is_not_waited_for(live: LiveServer, tmp_path: Path) -> None:
    options = ["--header-seconds", "0.5", "--body-seconds", "0.5"]
    url = live.start([*NO_WORKERS, *options], store=tmp_path / "s")

    begun = time.monotonic()
    silent = talk(url)
    half = talk(url, b"GET /livez HT")
    dripping = talk(url, *[b"GET /livez HTTP/1.1\r\nX: "] + [b"a"] * 10, pause=0.15)
    body = talk(
        url, b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n", b"{"
    )

    assert time.monotonic() - begun < 8
    for answer in (silent, half, dripping, body):
        assert answer.startswith(b"HTTP/1.1 408 "), answer
    assert json.loads(body.split(b"\r\n\r\n", 1)[1])["code"] == "slow_client"


def test_what_is_no_http_is_a_problem(live: LiveServer, tmp_path: Path) -> None:
    url = live.start(NO_WORKERS, store=tmp_path / "s")

    answer = talk(url, b"\x16\x03\x01 hello\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["code"] == "bad_request"


def test_tls_by_certificate_and_no_plain_text_beside_it(live: LiveServer, tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with Workspace(tmp_path / "s") as workspace:
        key = keys.create(workspace, "ada", [Scope.READ]).secret
    tls = ["--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem"]
    url = live.start([*NO_WORKERS, *tls, "--host", "0.0.0.0"], store=tmp_path / "s")

    import ssl

    trusted = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    with httpx2.Client(verify=trusted, base_url=url) as client:
        assert url.startswith("https://")
        assert client.get("/v1/tasks").status_code == 401
        header = {"Authorization": f"Bearer {key}"}
        assert client.get("/v1/tasks", headers=header).status_code == 200
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/livez")
    with pytest.raises(httpx2.TransportError):
        httpx2.get(f"{url.replace('https', 'http')}/livez")
    assert key not in live.told()


def test_the_log_is_json_lines(live: LiveServer, tmp_path: Path) -> None:
    url = live.start(NO_WORKERS, store=tmp_path / "s")
    httpx2.get(f"{url}/livez", headers={"X-Request-ID": "mine"})
    assert live.stop() == 0

    said = [line for line in live.told().splitlines() if line.startswith("{")]
    lines = [json.loads(line) for line in said]
    assert all({"time", "level", "logger", "message", "request_id"} <= set(line) for line in lines)
    assert [line["status"] for line in lines if line["request_id"] == "mine"] == [200]
    # The address is for the program that started it; the rest is for people, in words.
    assert len(live.told().splitlines()) - len(said) == 2
