"""What a hostile upload gets: a clear refusal, from a server that goes on answering."""

import asyncio
import bz2
import os
import signal
import sys
import tarfile
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hostile import sent
from hostile.damaged import whole_files
from hostile.sent import Member
from hostile.watch import children
from running import Running, bearer, running

from task2vec.types import Scope
from task2vec_api.access import Caller
from task2vec_api.settings import Settings
from task2vec_api.turnstile import ParsingTurns

pytestmark = pytest.mark.anyio

MIB = 2**20
SETTINGS = Settings(access_log=False, parser_memory_bytes=64 * MIB)
#: Bytes that do not fit into that memory.
MORE = 72 * MIB

HOSTILE: dict[str, tuple[str, str, Callable[[], bytes], int, str]] = {
    "embedding": (
        "/v1/tasks:import",
        "e.npz",
        lambda: sent.lying_array(MORE, zipfile.ZIP_BZIP2),
        422,
        "declared size",
    ),
    "bzip2": (
        "/v1/datasets",
        "a.zip",
        lambda: sent.lying_document(MORE, zipfile.ZIP_BZIP2),
        422,
        "declared size",
    ),
    "deflate": (
        "/v1/datasets",
        "a.zip",
        lambda: sent.lying_document(MORE, zipfile.ZIP_DEFLATED),
        422,
        "declared size",
    ),
    "pax": ("/v1/datasets", "a.tgz", lambda: sent.digits_in_pax(500_000), 422, "header"),
    "lists": ("/v1/datasets", "a.parquet", lambda: sent.long_list(20_000_000), 422, "lists"),
    "lines": ("/v1/datasets", "a.zip", lambda: sent.short_lines(12_000_000), 422, "too many lines"),
    "json": ("/v1/datasets", "a.zip", lambda: sent.small_objects(6_000_000), 422, "objects"),
}


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """One server for all: what is hostile leaves nothing."""
    async with running(
        tmp_path_factory.mktemp("hostile") / "store", SETTINGS, confined=True
    ) as found:
        yield found


def endless() -> bytes:
    """Return a tar that takes far longer to unpack than any limit here."""
    member = tarfile.TarInfo("a/1.png")
    member.size = 200 * MIB
    return bz2.compress(member.tobuf(tarfile.GNU_FORMAT) + os.urandom(MIB), 9) * 200


async def send(server: Running, path: str, filename: str, data: bytes, **more: object):
    field = "embedding" if path.endswith(":import") else "file"
    return await server.client.post(path, files={field: (filename, data)}, **more)


@pytest.mark.parametrize("kind", sorted(HOSTILE))
async def test_it_is_refused_in_words(server: Running, kind: str) -> None:
    path, filename, make, status, words = HOSTILE[kind]
    before = (await server.client.get("/v1/datasets")).json()
    answer = await send(server, path, filename, make())
    problem = answer.json()
    assert answer.status_code == status, problem
    assert words in f"{problem['detail']} {problem.get('got')}", problem
    assert str(server.workspace.path) not in answer.text
    assert not list((server.workspace.path / "uploads").iterdir())
    assert (await server.client.get("/v1/datasets")).json() == before


async def test_what_takes_too_long_is_killed_while_the_server_answers(tmp_path: Path) -> None:
    settings = Settings(access_log=False, parser_cpu_seconds=1)
    async with running(tmp_path / "store", settings, confined=True) as server:
        refused = asyncio.create_task(send(server, "/v1/datasets", "a.tar.bz2", endless()))
        while not refused.done():
            assert (await server.client.get("/livez")).status_code == 200
            await asyncio.sleep(0.05)
        answer = await refused
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert "1 s of processor time" in answer.json()["detail"]
        good = await send(server, "/v1/datasets", "set.zip", whole_files()["set.zip"])
        assert good.status_code == 201


@pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
async def test_a_file_whose_reader_is_killed_from_outside_can_be_sent_again(
    server: Running,
) -> None:
    data, headers = sent.slow_images(400 * MIB), {"Idempotency-Key": "k"}
    sending = asyncio.create_task(send(server, "/v1/datasets", "a.tgz", data, headers=headers))
    while not sending.done():
        # Only what the process that starts the readers has started.
        for child in {two for one in children(os.getpid()) for two in children(one)}:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        await asyncio.sleep(0.002)
    answer = await sending
    assert (answer.status_code, answer.json()["code"]) == (503, "overloaded"), answer.text
    assert int(answer.headers["retry-after"]) >= 1
    again = await send(server, "/v1/datasets", "a.tgz", data, headers=headers)
    assert (again.status_code, again.json()["images"]) == (201, 4)
    assert "idempotency-replayed" not in again.headers


@pytest.mark.parametrize("change", ["encrypted", "deflate64", "zstd"])
async def test_a_zip_that_cannot_be_read_is_refused_and_one_in_part_is_told(
    server: Running, change: str
) -> None:
    method = {"encrypted": 8, "deflate64": 9, "zstd": 93}[change]
    bad = [
        Member(f"{folder}/bad.png", b"x" * 20, method, 20, flags=int(change == "encrypted"))
        for folder in "ab"
    ]
    answer = await send(server, "/v1/datasets", "a.zip", sent.zip_of(bad))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_source")
    assert change in answer.json()["got"]
    part = await send(server, "/v1/datasets", f"{change}.zip", sent.images_with(*bad))
    assert (part.status_code, part.json()["images"]) == (201, 4)
    assert any(change in warning for warning in part.json()["warnings"])


async def test_files_that_wait_for_their_key_take_no_place_from_others() -> None:
    turns = ParsingTurns(Settings(parsers=2, parser_wait_seconds=5.0))
    greedy, other = (Caller(key=who, name=who, scopes=frozenset()) for who in ("greedy", "other"))

    async def again() -> None:
        async with turns.take(greedy):
            pass

    async with turns.take(greedy):
        waiting = [asyncio.create_task(again()) for _ in range(3)]
        await asyncio.sleep(0)
        async with asyncio.timeout(1.0), turns.take(other):
            assert not any(task.done() for task in waiting)
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("places", [1, 2])
async def test_a_key_has_one_file_read_at_a_time_and_all_have_few(
    tmp_path: Path, places: int
) -> None:
    settings = Settings(access_log=False, parser_wait_seconds=0.3, parsers=places)
    async with running(tmp_path / "store", settings, confined=True) as server:
        greedy, other = (server.key(Scope.WRITE, name=name) for name in ("greedy", "other"))
        data = whole_files()["set.zip"]
        caller = Caller(key=greedy.record.id, name="greedy", scopes=frozenset({Scope.WRITE}))
        async with server.runtime.parsing.take(caller):
            second = await send(server, "/v1/datasets", "b.zip", data, headers=bearer(greedy))
            theirs = await send(server, "/v1/datasets", "c.zip", data, headers=bearer(other))
        assert (second.status_code, second.json()["code"]) == (429, "rate_limited")
        assert second.headers["retry-after"]
        assert "one file at a time" in second.json()["expected"]
        if places == 1:
            assert (theirs.status_code, theirs.json()["code"]) == (503, "overloaded")
            assert theirs.headers["retry-after"]
        else:
            assert theirs.status_code == 201
        again = await send(server, "/v1/datasets", "b.zip", data, headers=bearer(greedy))
        assert again.status_code == 201
        assert not server.runtime.parsing._own


@pytest.mark.parametrize(
    ("body", "status", "most_fields"),
    [
        (b'{"outcomes":[' + b"{}," * 1_000_000 + b"{}]}", 413, 0),
        (b'{"outcomes":' + b"[" * 1_000_000, 413, 0),
        (b'{"outcomes":' + b"[" * 40_000, 400, 0),
        (b'{"outcomes":[' + b"{}," * 40_000 + b"{}]}", 422, 5),
        (b"{" + b",".join(b'"%d":0' % n for n in range(200_000)) + b"}", 422, 1),
        (b'{"outcomes":["' + b'","' * 1_000_000 + b'"]}', 422, 1),
    ],
)
async def test_a_body_of_very_many_parts_is_told_a_few_faults(
    server: Running, body: bytes, status: int, most_fields: int
) -> None:
    answer = await server.client.post(
        "/v1/outcomes", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text[:500]
    assert len(answer.json().get("fields", ())) <= most_fields
    assert len(answer.content) < 5_000
