"""Hostile files sent to a real server: what they cost the server's own process."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from benchmarks.hostile import sent
from benchmarks.hostile.damaged import whole_files
from benchmarks.hostile.mutate import mutate

GIB = 2**30
MOST_MEBIBYTES, MOST_SILENCE = 300, 0.2
"""What a file may cost the server's own process, and how long `/livez` may stay silent."""

KINDS = ("zip", "tar.gz", "npz", "csv", "json", "parquet")
_IMPORT = "/v1/tasks:import"
_PAUSE, _PATIENCE = 0.01, 300.0


@dataclass(frozen=True)
class Row:
    """One line of the table: what is sent where, and how often at once."""

    name: str
    filename: str
    make: Callable[[], bytes]
    at_once: int = 1
    path: str = "/v1/datasets"


TABLE = (
    Row(
        "embedding .npz, declared 1,000 bytes, bzip2 of 1.5 GiB",
        "e.npz",
        lambda: sent.lying_array(3 * GIB // 2, zipfile.ZIP_BZIP2),
        path=_IMPORT,
    ),
    Row(
        "zip, labels.csv declared 1,000 bytes, bzip2 of 3 GiB",
        "a.zip",
        lambda: sent.lying_document(3 * GIB, zipfile.ZIP_BZIP2),
    ),
    Row(
        "zip, labels.csv declared 1,000 bytes, deflate of 2 GiB",
        "b.zip",
        lambda: sent.lying_document(2 * GIB, zipfile.ZIP_DEFLATED),
    ),
    Row(
        "zip, labels.csv declared 1,000 bytes, LZMA of 2 GiB",
        "c.zip",
        lambda: sent.lying_document(2 * GIB, zipfile.ZIP_LZMA),
    ),
    Row("tar.gz, 1,000,000 digits in a pax header", "d.tgz", lambda: sent.digits_in_pax(10**6)),
    Row(
        "tar.gz, 2,000 pax headers of 60,000 digits",
        "e.tgz",
        lambda: sent.many_extended_headers(2_000, 60_000),
    ),
    Row("Parquet, one list of 200,000,000", "f.parquet", lambda: sent.long_list(200_000_000)),
    Row("zip, small lines of CSV, 31 MiB", "g.zip", lambda: sent.short_lines(31 * 2**20)),
    Row("zip, small objects of JSON, 31 MiB", "h.zip", lambda: sent.small_objects(31 * 2**20)),
    Row(
        "the same JSON, four at once",
        "h.zip",
        lambda: sent.small_objects(31 * 2**20),
        at_once=4,
    ),
    Row(
        "JSON body, 4 MiB of small objects, four at once",
        "body.json",
        lambda: b'{"outcomes":[' + b"{}," * 1_390_000 + b"{}]}",
        at_once=4,
        path="/v1/outcomes",
    ),
    Row(
        "JSON body, 4 MiB of nested lists, four at once",
        "body.json",
        lambda: b'{"outcomes":' + b"[" * 4_000_000,
        at_once=4,
        path="/v1/outcomes",
    ),
)


@dataclass
class Watch:
    """Asks `/livez` and looks at the memory of a process until it is told to stop."""

    url: str
    process: int
    silence: float = 0.0
    children: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        Path(f"/proc/{self.process}/clear_refs").write_text("5")
        self.idle = mebibytes(self.process, "VmRSS")
        self._threads = [threading.Thread(target=self._ask), threading.Thread(target=self._look)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> int:
        """Stop, and return the MiB that the process has held above those at the start."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return mebibytes(self.process, "VmHWM") - self.idle

    def _ask(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=_PATIENCE) as client:
            while not self._stop.is_set():
                begun = time.perf_counter()
                with suppress(httpx2.HTTPError):
                    client.get("/livez")
                self.silence = max(self.silence, time.perf_counter() - begun)
                time.sleep(_PAUSE)

    def _look(self) -> None:
        while not self._stop.is_set():
            held = sum(mebibytes(child, "VmRSS") for child in descendants(self.process))
            self.children = max(self.children, held)
            time.sleep(5 * _PAUSE)


def mebibytes(process: int, name: str) -> int:
    """Return a field of a process's status (Linux); 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0) // 1024


def descendants(process: int) -> list[int]:
    """Return the processes that a process has started, and those that they have (Linux)."""
    found: list[int] = []
    waiting = [process]
    while waiting:
        below = children(waiting.pop())
        found += below
        waiting += below
    return found


def children(process: int) -> list[int]:
    """Return the processes that a process has started (Linux)."""
    found: list[int] = []
    # It may end at any moment.
    with suppress(OSError):
        for path in Path(f"/proc/{process}/task").glob("*/children"):
            found += [int(word) for word in path.read_text().split()]
    return found


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[tuple[str, int]]:
    """Run a server without workers on a new store; yield its address and its process."""
    store = folder / "store"
    command = [sys.executable, "-m", "task2vec", "serve", "--store", str(store), "--port", "0"]
    command += ["--workers", "0", *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        card = store / "server.json"
        while not card.exists():
            if process.poll() is not None:
                raise RuntimeError((folder / "log").read_text()[-2000:])
            time.sleep(0.05)
        url = json.loads(card.read_text())["url"]
        # What is loaded at the first request is no cost of a hostile one.
        with httpx2.Client(base_url=url, timeout=60.0) as client:
            good = whole_files()
            for name in ("set.zip", "set.parquet"):
                client.post("/v1/datasets", files={"file": (name, good[name])}).raise_for_status()
        yield url, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def post(client: httpx2.Client, row: Row, data: bytes) -> tuple[int, str]:
    """Send a file; return the status and the code of the problem."""
    name = "embedding" if row.path == _IMPORT else "file"
    try:
        if row.filename.endswith(".json"):
            headers = {"Content-Type": "application/json"}
            answer = client.post(row.path, content=data, headers=headers)
        else:
            answer = client.post(row.path, files={name: (row.filename, data)})
    except httpx2.HTTPError as error:
        return 0, type(error).__name__
    return answer.status_code, answer.json().get("code", "")


def table(rows: Sequence[Row] = TABLE, options: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return what each file did to a server of its own."""
    results = []
    for row in rows:
        data = row.make()
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder), *options) as at:
            watch = Watch(*at)
            begun = time.perf_counter()
            answers = _at_once(row, data, url=at[0])
            seconds = time.perf_counter() - begun
            results.append(
                {
                    "file": row.name,
                    "bytes": len(data) * row.at_once,
                    "answers": [" ".join(map(str, answer)) for answer in answers],
                    "seconds": round(seconds, 1),
                    "server_mib_above_idle": watch.stop(),
                    "children_mib": watch.children,
                    "livez_silence_seconds": round(watch.silence, 3),
                }
            )
        print(json.dumps(results[-1]), file=sys.stderr)
    return results


def _at_once(row: Row, data: bytes, *, url: str) -> list[tuple[int, str]]:
    with (
        httpx2.Client(base_url=url, timeout=_PATIENCE) as client,
        ThreadPoolExecutor(row.at_once) as threads,
    ):
        return list(threads.map(lambda _: post(client, row, data), range(row.at_once)))


def mutants(
    count: int, seed: int = 0, kinds: Sequence[str] = KINDS, options: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return what ``count`` damaged files of each kind did to one server."""
    good = whole_files()
    results = []
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), *options) as at:
        for kind in kinds:
            random = np.random.default_rng([seed, KINDS.index(kind)])
            watch = Watch(*at)
            begun = time.perf_counter()
            statuses: Counter[int] = Counter()
            with httpx2.Client(base_url=at[0], timeout=_PATIENCE) as client:
                for number in range(count):
                    other = good[sorted(good)[int(random.integers(0, len(good)))]]
                    row, data = _mutant(kind, number, other=other, random=random)
                    statuses[post(client, row, data)[0]] += 1
            results.append(
                {
                    "kind": kind,
                    "files": count,
                    "statuses": {str(status): n for status, n in sorted(statuses.items())},
                    "files_a_second": round(count / (time.perf_counter() - begun), 1),
                    "server_mib_above_idle": watch.stop(),
                    "children_mib": watch.children,
                    "livez_silence_seconds": round(watch.silence, 3),
                }
            )
            print(json.dumps(results[-1]), file=sys.stderr)
    return results


def _mutant(
    kind: str, number: int, *, other: bytes, random: np.random.Generator
) -> tuple[Row, bytes]:
    good = whole_files()
    if kind in ("csv", "json"):
        # Lists come within an archive.
        name = {"csv": "labels.csv", "json": "instances.json"}[kind]
        text = re.sub(rb"images/([ab])", rb"\1/", good[f"set.{kind}"])
        damaged = mutate(text, other=other, random=random)
        data = sent.images_with(sent.Member.honest(name, damaged))
        return Row(kind, f"m{number}.zip", bytes), data
    damaged = mutate(good[f"set.{kind}"], other=other, random=random)
    return Row(kind, f"m{number}.{kind}", bytes), damaged


def faults(result: dict[str, Any]) -> list[str]:
    """Return in words what did not keep to the goals."""
    found = []
    for row in (*result["table"], *result["mutants"]):
        name = row.get("file") or f"mutants of {row['kind']}"
        if row["server_mib_above_idle"] > MOST_MEBIBYTES:
            found.append(f"{name}: {row['server_mib_above_idle']} MiB above idle")
        if row["livez_silence_seconds"] > MOST_SILENCE:
            found.append(f"{name}: /livez silent for {row['livez_silence_seconds']} s")
        answers = row.get("answers") or list(row["statuses"])
        if any(not answer.startswith(("2", "4")) for answer in answers):
            found.append(f"{name}: answered {answers}")
    return found


def measure(count: int = 2_000, seed: int = 0) -> dict[str, Any]:
    """Return the table and the mutants; raises `RuntimeError` where a goal was missed."""
    result = {"table": table(), "mutants": mutants(count, seed)}
    if found := faults(result):
        raise RuntimeError("\n".join(found))
    return result


def main() -> None:
    """Print the table, or the table and the mutants, without judging."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mutants", type=int, default=0)
    parser.add_argument("--rows", type=int, nargs="*", default=range(len(TABLE)))
    parser.add_argument("--kinds", nargs="*", default=KINDS, choices=KINDS)
    arguments = parser.parse_args()
    found = {"table": table([TABLE[row] for row in arguments.rows]), "mutants": []}
    if arguments.mutants:
        found["mutants"] = mutants(arguments.mutants, kinds=arguments.kinds)
    print(json.dumps(found, indent=2))
    os.write(2, "\n".join(faults(found)).encode())


if __name__ == "__main__":
    main()
