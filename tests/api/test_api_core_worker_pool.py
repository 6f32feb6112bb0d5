"""The workers that the server runs itself, as processes: a small program stands at their post."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from task2vec_api.worker_pool import WorkerPool

pytestmark = pytest.mark.anyio

#: Writes down how it was started, then works until told to stop; "deaf" does not listen.
WORKER = """
import json, os, signal, sys, time
folder, manner = sys.argv[1:3]
name = sys.argv[sys.argv.index("--name") + 1]
def stop(*_):
    open(f"{folder}/{name}.stopped", "w").close()
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if manner == "deaf" else stop)
told = {"url": sys.argv[sys.argv.index("--url") + 1], "key": os.environ["TASK2VEC_API_KEY"],
        "parent": os.environ["TASK2VEC_WORKER_PARENT"], "arguments": sys.argv, "pid": os.getpid()}
draft = f"{folder}/{name}.draft"
json.dump(told, open(draft, "w"))
os.rename(draft, f"{folder}/{name}.started")
if manner == "broken":
    sys.exit(3)
time.sleep(60)
"""


def crew(folder: Path, *, workers: int = 1, manner: str = "good") -> tuple[WorkerPool, list[str]]:
    deaths: list[str] = []
    program = folder / "worker.py"
    program.write_text(WORKER)
    return (
        WorkerPool(
            url="http://127.0.0.1:1",
            key="t2v_secret",
            workers=workers,
            on_death=deaths.append,
            command=(sys.executable, str(program), str(folder), manner),
        ),
        deaths,
    )


def started(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.started"), key=lambda path: path.stat().st_mtime_ns)


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not there():
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_workers_are_told_where_and_by_what_key_and_are_ended(tmp_path: Path) -> None:
    found, deaths = crew(tmp_path, workers=2)
    found.start()
    await until(lambda: len(started(tmp_path)) == 2)
    told = [json.loads(path.read_text()) for path in started(tmp_path)]
    await found.stop(10)

    assert {one["url"] for one in told} == {"http://127.0.0.1:1"}
    assert {one["key"] for one in told} == {"t2v_secret"}
    assert {one["parent"] for one in told} == {str(os.getpid())}
    # Anybody on the machine can read the arguments of a process.
    assert not any("t2v_secret" in argument for one in told for argument in one["arguments"])
    assert len(list(tmp_path.glob("*.stopped"))) == 2
    assert not any(alive(one["pid"]) for one in told)
    assert found.running == []
    # Whatever they held is taken from them.
    assert sorted(deaths) == [path.stem for path in sorted(tmp_path.glob("*.stopped"))]


async def test_a_worker_that_dies_is_reported_and_replaced(tmp_path: Path) -> None:
    found, deaths = crew(tmp_path)
    found.start()
    await until(lambda: len(started(tmp_path)) == 1)
    first = started(tmp_path)[0]
    os.kill(json.loads(first.read_text())["pid"], signal.SIGKILL)
    await until(lambda: len(started(tmp_path)) == 2)
    await found.stop(10)

    assert deaths[0] == first.stem
    assert deaths == [path.stem for path in started(tmp_path)]
    assert started(tmp_path)[1].stem != first.stem, (
        "a new name: no lease of the old one is taken up"
    )


async def test_a_worker_that_makes_no_progress_can_be_killed_by_name(tmp_path: Path) -> None:
    found, deaths = crew(tmp_path, manner="deaf")
    found.start()
    await until(lambda: len(started(tmp_path)) == 1)
    name = started(tmp_path)[0].stem

    assert not found.kill("somebody else")
    assert await asyncio.to_thread(found.kill, name)
    await until(lambda: len(started(tmp_path)) == 2)
    await found.stop(0.2)

    assert deaths[0] == name


async def test_a_worker_that_does_not_stop_is_killed_after_a_while(tmp_path: Path) -> None:
    found, _ = crew(tmp_path, manner="deaf")
    found.start()
    await until(lambda: len(started(tmp_path)) == 1)
    pid = json.loads(started(tmp_path)[0].read_text())["pid"]
    begun = time.monotonic()
    await found.stop(0.5)

    assert 0.4 < time.monotonic() - begun < 5
    assert not alive(pid)


async def test_one_that_cannot_start_is_tried_less_and_less_often(tmp_path: Path) -> None:
    found, deaths = crew(tmp_path, manner="broken")
    found.start()
    await until(lambda: len(started(tmp_path)) == 3)
    times = [path.stat().st_mtime for path in started(tmp_path)]
    begun = time.monotonic()
    await found.stop(10)

    assert times[1] - times[0] >= 1.0
    assert times[2] - times[1] >= 2.0
    assert time.monotonic() - begun < 1, "nobody waits for the next try"
    assert len(deaths) >= 2
    assert [WorkerPool.backoff(n) for n in (1, 2, 3, 7, 50)] == [1, 2, 4, 60, 60]
