"""A client that sends too much reads why it was refused, not that the connection was reset."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import numpy as np
import pytest
from live_server import LiveServer
from real_port import on_a_port

from task2vec import Client
from task2vec.errors import TooLargeError
from task2vec_api.middleware import context
from task2vec_api.settings import Settings

FORM = "multipart/form-data; boundary=b"
MUCH = 8 * 2**20


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that takes 100 kB at most."""
    folder = tmp_path_factory.mktemp("refused")
    with LiveServer(folder / "log.txt") as live:
        limits = ["--body-bytes", "100000", "--upload-bytes", "100000"]
        yield live.start(["--workers", "0", *limits], store=folder / "store")


def head(path: str, kind: str, length: int | None) -> bytes:
    """Return the head of a POST; of a chunked one without a length."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = (f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", size)
    return "\r\n".join((*lines, "", "")).encode()


def received(connection: socket.socket) -> bytes:
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    return answer


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize(
    ("path", "kind"), [("/v1/search", "application/json"), ("/v1/datasets", FORM)]
)
def test_who_reads_only_after_sending_everything_is_told(
    url: str, path: str, kind: str, chunked: bool
) -> None:
    piece = b"x" * 2**16
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        connection.sendall(head(path, kind, None if chunked else MUCH))
        for _ in range(MUCH // len(piece)):
            connection.sendall(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
        if chunked:
            connection.sendall(b"0\r\n\r\n")
        answer = received(connection)

    lines, _, body = answer.partition(b"\r\n\r\n")
    assert lines.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in lines
    assert json.loads(body)["code"] == "too_large"


@pytest.mark.parametrize("options", [[], ["--header", "Transfer-Encoding: chunked"]])
@pytest.mark.parametrize("expects", [True, False])
def test_curl_is_told(url: str, tmp_path: Path, options: list[str], expects: bool) -> None:
    (tmp_path / "much").write_bytes(b"x" * MUCH)
    command = ["curl", "--silent", "--show-error", "--data-binary", f"@{tmp_path / 'much'}"]
    expect = "Expect: 100-continue" if expects else "Expect:"
    written = ["--write-out", "\n%{http_code}", *options, "--header", expect]
    found = subprocess.run(
        [*command, *written, f"{url}/v1/search"], capture_output=True, text=True, timeout=30
    )

    assert (found.returncode, found.stderr) == (0, "")
    body, status = found.stdout.rsplit("\n", 1)
    assert (status, json.loads(body)["code"]) == ("413", "too_large")


@pytest.mark.parametrize("chunked", [True, False])
def test_a_client_library_is_told(url: str, chunked: bool) -> None:
    pieces = (b"x" * 2**16 for _ in range(MUCH // 2**16))
    answer = httpx2.post(
        f"{url}/v1/datasets",
        content=pieces if chunked else b"x" * MUCH,
        headers={"Content-Type": FORM},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_our_own_client_is_told(url: str, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (40, 128, 128, 3), dtype=np.uint8)
    np.savez(tmp_path / "noise.npz", images=images, labels=np.arange(40) % 2)
    with Client(url) as client, pytest.raises(TooLargeError, match="at most 100000 bytes"):
        client.datasets.upload(tmp_path / "noise.npz")


def test_who_never_ends_is_not_read_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "_SECONDS", 0.5)
    small = Settings(body_bytes=2000, access_log=False)
    with on_a_port(tmp_path / "s", small) as (url, _):
        host, port = url.removeprefix("http://").split(":")
        begun = time.monotonic()
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(head("/v1/search", "application/json", None))
            with suppress(ConnectionError):
                while time.monotonic() < begun + 10:
                    connection.sendall(b"400\r\n" + b"x" * 1024 + b"\r\n")
                    time.sleep(0.01)

    assert 0.4 < time.monotonic() - begun < 5
