"""What HTTP adds to a query, and what the server does under load and overload.

Needs `hey`, a load generator (Debian: ``apt-get install hey``).
"""

import csv
import http.client
import io
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2

from benchmarks import many_tasks
from benchmarks.class_subsets import cache
from benchmarks.serving import Serving, say, serving
from task2vec import Client

TASKS = int(os.environ.get("BENCH_TASKS", "10000"))
QUERIES = 400
URLS = 16
MINUTES = float(os.environ.get("BENCH_MINUTES", "3"))


def measure() -> dict[str, Any] | None:
    """Return latency over HTTP and in process, peak, overload, and a long run at 80 %."""
    if shutil.which("hey") is None:
        print("`hey` is missing (apt-get install hey): nothing is recorded", flush=True)
        return None
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "store"
        _copy_store(store)
        log = Path(scratch) / "server.log"
        with serving(store, log=log, patience=300) as server:
            single = _one_at_a_time(server, store)
            say(single=single)
            peak = _peak(server)
            say(peak=peak)
            overload = _overload(server, peak["requests_a_second"])
            say(overload=overload)
            steady = _steady(server, 0.8 * peak["requests_a_second"])
            say(steady=steady)
    return {
        "tasks": TASKS,
        **single,
        "peak": peak,
        "overload": overload,
        "steady": steady,
    }


def _copy_store(path: Path) -> None:
    """Make a store of `TASKS` tasks, by a copy where that is what the cache holds."""
    if TASKS == many_tasks.TASKS:
        cached = cache() / "store"
        many_tasks.fill_store(cached)
        shutil.copytree(cached, path)
    else:
        many_tasks.fill_store(path, tasks=TASKS)


def _one_at_a_time(server: Serving, store: Path) -> dict[str, Any]:
    """Ask each question in three ways, one after the other, so that all three meet equal noise."""
    # A process of its own, without torch, as the server's is.
    code = "import sys; from pathlib import Path; from benchmarks import http_load as b; "
    code += "b.answer_in_process(Path(sys.argv[1]))"
    line = http.client.HTTPConnection(server.url.removeprefix("http://"))
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # As the command line sets it for the server: threads that spin slow the others down.
        env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
    )
    asking, answering = child.stdin, child.stdout
    assert asking is not None
    assert answering is not None
    seconds: dict[str, list[float]] = {"in_process": [], "http": [], "client": []}
    with child, Client(server.url) as client, httpx2.Client(base_url=server.url) as plain:
        names = _names(_ids(plain))

        def within(name: str) -> None:
            print(name, file=asking, flush=True)
            seconds["in_process"].append(float(answering.readline()))

        def over(name: str) -> None:
            started = perf_counter()
            line.request("GET", f"/v1/tasks/{name}/neighbours?k=10")
            answer = line.getresponse()
            answer.read()
            seconds["http"].append(perf_counter() - started)
            assert answer.status == 200, answer.status

        for number, name in enumerate((*names[:20], *names)):
            # The first to ask brings the task's pages into memory.
            for ask in (within, over) if number % 2 else (over, within):
                ask(name)
            started = perf_counter()
            client.search(name, k=10)
            seconds["client"].append(perf_counter() - started)
        asking.close()
    # The first of each were to warm up.
    kept = {way: times[20:] for way, times in seconds.items()}
    quantiles = {f"{way}_ms": _quantiles(times) for way, times in kept.items()}
    pairs = zip(kept["http"], kept["in_process"], strict=True)
    more = statistics.median(over - within for over, within in pairs)
    return {
        **quantiles,
        "http_adds_ms_p50": round(
            quantiles["http_ms"]["p50"] - quantiles["in_process_ms"]["p50"], 2
        ),
        "http_adds_ms_median_of_pairs": round(1000 * more, 2),
    }


def answer_in_process(path: Path) -> None:
    """Answer the questions on stdin by the use case itself; print how long each took."""
    from task2vec.messages.neighbours import SearchQuestion
    from task2vec.service.tasks.search import search
    from task2vec.service.tasks.subjects import resolve
    from task2vec.service.workspace import Workspace

    with Workspace(path, beside_server=True) as workspace:
        for line in sys.stdin:
            started = perf_counter()
            name = line.strip()
            search(workspace, SearchQuestion(task=name, k=10), resolve(workspace, name))
            print(perf_counter() - started, flush=True)


def _peak(server: Serving) -> dict[str, Any]:
    best: dict[str, Any] = {"requests_a_second": 0.0}
    for connections in (1, 2, 4, 8):
        done = _hey(server, seconds=10, connections=connections)
        good = [row for row in done if row["status-code"] == "200"]
        rate = len(good) / 10
        if rate > best["requests_a_second"]:
            best = {"requests_a_second": rate, "connections": connections, **_times(good)}
    return best


def _overload(server: Serving, peak: float) -> dict[str, Any]:
    """Ask for four times the peak, then without any pause: who is turned away must hear at once."""
    return {
        "four_times_the_peak": _refusals(server, peak, connections=64, rate=4 * peak),
        "without_pause": _refusals(server, peak, connections=200, rate=None),
    }


def _refusals(
    server: Serving, peak: float, *, connections: int, rate: float | None
) -> dict[str, Any]:
    done = _hey(server, seconds=30, connections=connections, rate=rate)
    good = [row for row in done if row["status-code"] == "200"]
    refused = [row for row in done if row["status-code"] in ("429", "503")]
    waits = sorted(float(row["response-time"]) for row in refused)
    return {
        "connections": connections,
        "asked_a_second": round(len(done) / 30, 1),
        "goodput_a_second": round(len(good) / 30, 1),
        "goodput_of_peak": round(len(good) / 30 / peak, 3),
        "refused": len(refused),
        "refused_ms_p50": round(1000 * waits[len(waits) // 2], 1) if waits else None,
        "refused_ms_p99": round(1000 * waits[int(0.99 * len(waits))], 1) if waits else None,
        "other_answers": len(done) - len(good) - len(refused),
        "good_ms": _times(good),
    }


def _steady(server: Serving, rate: float) -> dict[str, Any]:
    """Ask at a fixed rate for minutes: nothing may fail, and memory may not grow."""
    _hey(server, seconds=20, connections=4, rate=rate)
    before = server.resident_mib()
    done = _hey(server, seconds=round(60 * MINUTES), connections=4, rate=rate)
    after = server.resident_mib()
    good = [row for row in done if row["status-code"] == "200"]
    return {
        "minutes": MINUTES,
        "asked_a_second": round(rate, 1),
        "answered_a_second": round(len(good) / 60 / MINUTES, 1),
        "errors": len(done) - len(good),
        "memory_mib": [round(before, 1), round(after, 1)],
        "memory_growth": round(after / before - 1, 4),
        **_times(good),
    }


def _hey(
    server: Serving, *, seconds: int, connections: int, rate: float | None = None
) -> list[dict[str, str]]:
    """Run load generators on several tasks at once; returns a row for each answer.

    All connections of one generator ask at the same moment: so there are some, which take turns.
    """
    with httpx2.Client(base_url=server.url) as client:
        names = _names(_ids(client))[: min(URLS, connections)]
    each = connections // len(names)
    turn = 0.0 if rate is None else connections / rate / len(names)
    command = ["hey", "-z", f"{seconds}s", "-c", str(each), "-o", "csv", "-t", "30"]
    if rate is not None:
        command += ["-q", f"{rate / connections:.4f}"]

    def load(number: int, name: str) -> list[dict[str, str]]:
        time.sleep(number * turn)
        url = f"{server.url}/v1/tasks/{name}/neighbours?k=10"
        done = subprocess.run([*command, url], check=True, capture_output=True, text=True)
        return list(csv.DictReader(io.StringIO(done.stdout)))

    with ThreadPoolExecutor(len(names)) as pool:
        return [row for rows in pool.map(load, range(len(names)), names) for row in rows]


def _ids(client: httpx2.Client) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        page = (
            client.get(
                "/v1/tasks",
                params={"page_size": 1000, "page_token": token} if token else {"page_size": 1000},
            )
            .raise_for_status()
            .json()
        )
        found += [task["id"] for task in page["tasks"]]
        token = page["next_page_token"]
        if not token:
            return found


def _names(ids: list[str]) -> list[str]:
    return random.Random(0).sample(sorted(ids), min(QUERIES, len(ids)))


def _times(rows: list[dict[str, str]]) -> dict[str, float]:
    return _quantiles([float(row["response-time"]) for row in rows]) if rows else {}


def _quantiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else [seconds[0]] * 99
    return {
        name: round(1000 * cuts[i - 1], 2) for name, i in (("p50", 50), ("p95", 95), ("p99", 99))
    }
