"""A real server, on a real port."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import ssl
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

from task2vec.cli.run import run
from task2vec.service import keys
from task2vec.service.workspace import Workspace
from task2vec.store import Store
from task2vec.types import Scope

NO_WORKERS = ["--workers", "0"]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(tmp_path / "log.txt") as server:
        yield server


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=15)


def received(connection: socket.socket) -> bytes:
    """Return everything that comes until the connection closes."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def talk(url: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send bytes over a connection of one's own; return everything that comes until it closes."""
    with connected(url) as connection:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
        return received(connection)


def test_a_server_owns_its_store_and_ends_in_good_order(
    live: LiveServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "s"
    url = live.start([*NO_WORKERS, "--drain-notice-seconds", "1.5"], store=store)
    alive = httpx2.get(f"{url}/livez", headers={"X-Request-ID": "mine"})
    assert alive.json() == {"status": "alive"}
    assert run(["list", "--store", str(store)]) == 2
    # Wherever the line is broken.
    assert f"--url {url}" in " ".join(capsys.readouterr().err.split())
    assert run(["serve", "--port", "0", "--store", str(store)]) == 2
    assert "works on the store" in " ".join(capsys.readouterr().err.split())

    assert answer_to_a_request_under_way(url, store).startswith(b"HTTP/1.1 404 ")
    assert live.stop() == 0
    assert not (store / "server.json").exists()
    assert run(["list", "--store", str(store)]) == 0

    said = [line for line in live.told().splitlines() if line.startswith("{")]
    lines = [json.loads(line) for line in said]
    assert all({"time", "level", "logger", "message", "request_id"} <= set(line) for line in lines)
    assert [line["status"] for line in lines if line["request_id"] == "mine"] == [200]
    # The address is for the program that started it; the rest is for people, in words.
    assert len(live.told().splitlines()) - len(said) == 2


def answer_to_a_request_under_way(url: str, store: Path) -> bytes:
    """Tell the server to stop in the middle of a request; return what that is answered."""
    body = json.dumps({"task": "nobody"}).encode()
    head = (
        b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    with connected(url) as connection:
        connection.sendall(head + body[:5])
        time.sleep(0.3)
        os.kill(json.loads((store / "server.json").read_text())["pid"], signal.SIGTERM)
        time.sleep(0.3)
        ready = httpx2.get(f"{url}/readyz")
        assert ready.status_code == 503
        assert "the server is about to stop" in ready.json()["reasons"]
        connection.sendall(body[5:])
        return received(connection)


SERVE = """
import gc, sys
from pathlib import Path
from task2vec_api.serving import serve
from task2vec_api.settings import Settings

def ready(url):
    print(url, len(gc.get_objects()), gc.get_freeze_count(), flush=True)

serve(Path(sys.argv[1]), Settings(port=0, workers=0), ready=ready)
"""


def test_on_a_terminal_the_log_is_for_people(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, tmp_path / "s"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    ) as server:
        os.close(theirs)
        assert server.stdout is not None
        url, looked_at, spared = server.stdout.readline().split()
        assert httpx2.get(f"{url}/v1/tasks", headers={"X-Request-ID": "mine"}).status_code == 200
        server.send_signal(signal.SIGTERM)
        told = b""
        # Linux ends a terminal whose other side is gone by an error.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                told += piece
    os.close(ours)

    (line,) = [line for line in told.decode().splitlines() if "/v1/tasks" in line]
    assert re.fullmatch(r"\d\d:\d\d:\d\d GET /v1/tasks 200 in [\d,]+ ms \[mine\]", line)
    # What the garbage collector looks at decides how long no request is answered.
    assert int(looked_at) < 20_000 < int(spared)


def test_workers_and_requests_have_one_time_to_end_in(live: LiveServer, tmp_path: Path) -> None:
    options = ["--workers", "1", "--drain-seconds", "2", "--header-seconds", "60"]
    url = live.start(options, store=tmp_path / "s")
    server = json.loads((tmp_path / "s" / "server.json").read_text())["pid"]
    # A worker that hears nothing, and a client that never ends its request.
    # One that is suspended before it is another program would hold up the server that starts it.
    children = psutil.Process(server).children
    while not (workers := [each for each in children() if "worker" in each.cmdline()]):
        time.sleep(0.05)
    workers[0].suspend()
    with connected(url) as connection:
        connection.sendall(
            b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
        )
        time.sleep(0.3)
        begun = time.monotonic()
        assert live.stop() == 0
        took = time.monotonic() - begun
    assert 2 <= took < 5.5
    assert not workers[0].is_running()


def test_a_map_that_takes_long_does_not_hold_up_the_end(live: LiveServer, tmp_path: Path) -> None:
    store = tmp_path / "s"
    add_tasks(store, 900)
    url = live.start([*NO_WORKERS, "--drain-seconds", "1"], store=store)
    with ThreadPoolExecutor(1) as pool:
        # It would take most of a minute, and no thread can be stopped.
        asked = pool.submit(httpx2.get, f"{url}/v1/map", timeout=120)
        time.sleep(1.5)
        assert not asked.done()
        begun = time.monotonic()
        assert live.stop() == 0
        took = time.monotonic() - begun
        answer = asked.result()

    assert took < 6
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


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that takes 4 kB of head, and waits for a second."""
    folder = tmp_path_factory.mktemp("strict")
    limits = ["--header-bytes", "4096", "--header-seconds", "1", "--body-seconds", "1"]
    with LiveServer(folder / "log.txt") as server:
        yield server.start([*NO_WORKERS, *limits], store=folder / "s")


@pytest.mark.parametrize("pieces", [1, 30])
def test_a_head_without_end_is_refused(strict: str, pieces: int) -> None:
    start = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Big: "

    whole = talk(strict, start + b"a" * 3000 + b"\r\nConnection: close\r\n\r\n")
    large = talk(strict, start, *[b"a" * (6000 // pieces)] * pieces, pause=0.01)
    ended = talk(strict, start + b"a" * 6000 + b"\r\n\r\n")

    assert whole.startswith(b"HTTP/1.1 200 ")
    for answer in (large, ended):
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert b"application/problem+json" in answer
        assert b"x-request-id: req_" in answer


def test_who_does_not_get_on_is_not_waited_for(strict: str) -> None:
    # Nothing; half a line; a head that drips; a body that does not come.
    body = b"POST /v1/search HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n"
    sent = [(), (b"GET /livez HT",), (b"GET /livez HTTP/1.1\r\nX: ", *[b"a"] * 12), (body, b"{")]
    begun = time.monotonic()
    with ThreadPoolExecutor(len(sent)) as clients:
        answers = list(clients.map(lambda pieces: talk(strict, *pieces, pause=0.15), sent))

    assert time.monotonic() - begun < 8
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 408 "), answer
    assert json.loads(answers[-1].split(b"\r\n\r\n", 1)[1])["code"] == "slow_client"


def test_what_is_no_http_is_a_problem(strict: str) -> None:
    answer = talk(strict, b"\x16\x03\x01 hello\r\n\r\n")

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
