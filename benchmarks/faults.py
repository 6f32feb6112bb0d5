"""Kills at random while jobs run: each must be done exactly once."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil

from benchmarks.examples import folder
from benchmarks.serving import Serving, free_port, say, wait_until_up

JOBS = int(os.environ.get("BENCH_JOBS", "100"))
IMAGES = 12
PAUSES = {"kills_10_to_30_s_apart": (10.0, 30.0), "kills_6_to_14_s_apart": (6.0, 14.0)}
"""A worker takes seconds to start: the shorter pause kills some jobs three times, which is when
they are put aside."""
TASKS = ("greek_capitals", "fashion_tops", "fashion_footwear", "emoji_food")


def measure() -> dict[str, Any]:
    """Submit jobs to a server that is killed, with its workers or without, again and again."""
    found = {}
    for name, pause in PAUSES.items():
        with tempfile.TemporaryDirectory() as scratch:
            found[name] = _run(Path(scratch), jobs=JOBS, seed=0, pause=pause)
    return found


def _run(root: Path, *, jobs: int, seed: int, pause: tuple[float, float]) -> dict[str, Any]:
    chance = random.Random(seed)
    store, port = root / "store", free_port()
    url = f"http://127.0.0.1:{port}"
    kills = {"api": 0, "worker": 0, "both": 0}
    api = _start(store, port, root)
    names = [f"job_{i:03d}" for i in range(jobs)]
    datasets = [_upload(url, name, root) for name in TASKS]
    submitted: dict[str, str] = {}
    for i, name in enumerate(names):
        submitted[name] = _submit(url, name, datasets[i % len(datasets)])
    started = time.monotonic()
    while True:
        time.sleep(chance.uniform(*pause))
        open_jobs = _open_jobs(url)
        say(open_jobs=open_jobs, kills=kills)
        if open_jobs == 0:
            break
        kind = chance.choice(["api", "worker", "worker", "both"])
        kills[kind] += 1
        workers = _workers(api)
        if kind in ("api", "both"):
            os.kill(api.pid, signal.SIGKILL)
            api.wait()
        if kind in ("worker", "both") and workers:
            for worker in workers if kind == "both" else [chance.choice(workers)]:
                try:
                    worker.kill()
                except psutil.NoSuchProcess:
                    continue
        if kind in ("api", "both"):
            api = _start(store, port, root)
        if time.monotonic() - started > 60 * 60:
            break
    if not any(kills.values()):
        raise RuntimeError("All jobs were done before the first kill: set BENCH_JOBS higher")
    states = [httpx2.get(f"{url}/v1/jobs/{job}", timeout=30).json() for job in submitted.values()]
    api.terminate()
    api.wait(60)
    return {
        "jobs": jobs,
        "images_each": IMAGES,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "kills": kills,
        "succeeded": sum(state["state"] == "succeeded" for state in states),
        "quarantined": sum(state["quarantined"] for state in states),
        "attempts": sorted(state["attempts"] for state in states)[-10:],
        **_effects(store, names),
    }


def _effects(store: Path, names: list[str]) -> dict[str, int]:
    """Count what the database holds: each task exactly once, added exactly once."""
    with sqlite3.connect(store / "task2vec.sqlite3") as database:
        stored = [row[0] for row in database.execute("SELECT name FROM tasks")]
        added = database.execute("SELECT count(*) FROM task_changes WHERE kind = 'added'")
        replaced = database.execute("SELECT count(*) FROM task_changes WHERE kind = 'replaced'")
        return {
            "tasks": len(stored),
            "missing": len(set(names) - set(stored)),
            "added": added.fetchone()[0],
            "done_twice": replaced.fetchone()[0] + len(stored) - len(set(stored)),
        }


def _start(store: Path, port: int, root: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "task2vec", "serve", "--store", str(store)]
    command += ["--port", str(port), "--workers", "2", "--lease-seconds", "5"]
    log = root / "server.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command,
            stdout=sink,
            stderr=sink,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        )
    wait_until_up(Serving(f"http://127.0.0.1:{port}", process, log), patience=300)
    return process


def _workers(api: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return the workers among what the server has started; it has readers of uploads, too."""
    return list(filter(_is_worker, psutil.Process(api.pid).children(recursive=True)))


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "worker" in process.cmdline()
    except psutil.Error:
        # It has ended meanwhile.
        return False


def _upload(url: str, name: str, root: Path) -> str:
    archive = root / f"{name}.tar"
    subprocess.run(["tar", "-cf", str(archive), "-C", str(folder(name)), "."], check=True)
    with archive.open("rb") as file:
        answer = httpx2.post(
            f"{url}/v1/datasets", files={"file": (archive.name, file)}, data={"name": name}
        )
    answer.raise_for_status()
    found: str = answer.json()["id"]
    return found


def _submit(url: str, name: str, dataset: str) -> str:
    question = {"dataset": dataset, "name": name, "settings": {"images": IMAGES, "seed": 1}}
    headers = {"Idempotency-Key": name}
    answer = httpx2.post(f"{url}/v1/tasks", json=question, headers=headers, timeout=30)
    answer.raise_for_status()
    found: str = answer.json()["id"]
    return found


def _open_jobs(url: str) -> int:
    left = 0
    for state in ("queued", "running", "cancelling"):
        answer = httpx2.get(f"{url}/v1/jobs?state={state}&page_size=1000", timeout=30)
        left += len(answer.json()["jobs"])
    return left


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
