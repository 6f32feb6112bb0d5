"""Hostile files sent to a real server: what they cost the server's own process."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np

from hostile import sent
from hostile.damaged import whole_files
from hostile.mutate import mutate
from hostile.rows import IMPORT, TABLE, Row
from hostile.watch import Watch
from task2vec.service import keys
from task2vec.service.workspace import Workspace
from task2vec.types import Scope

MOST_MEBIBYTES, MOST_SILENCE = 300, 0.2
"""What a file may cost the server's own process, and how long `/livez` may stay silent beyond what
the machine itself was."""

KINDS = ("zip", "tar.gz", "npz", "csv", "json", "parquet")
CLIENTS = 3
"""How many send damaged files at once, each with a key of its own: two files are read at once."""

_PATIENCE = 300.0


@dataclass(frozen=True)
class Served:
    """A running server: its address, its process, and the headers of its callers."""

    url: str
    process: int
    callers: list[dict[str, str]]


@contextmanager
def serving(folder: Path, *options: str, callers: int = 0) -> Iterator[Served]:
    """Run a server without workers on a new store; ``callers`` have a key each, 0 need none."""
    store = folder / "store"
    heads = [{"Authorization": f"Bearer {secret}"} for secret in _keys(store, callers)] or [{}]
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
        with httpx2.Client(base_url=url, timeout=60.0, headers=heads[0]) as client:
            good = whole_files()
            for name in ("set.zip", "set.parquet"):
                client.post("/v1/datasets", files={"file": (name, good[name])}).raise_for_status()
        yield Served(url, process.pid, heads)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _keys(store: Path, count: int) -> list[str]:
    """Make ``count`` keys that may upload, and return their secrets."""
    if not count:
        return []
    with Workspace(store) as workspace:
        return [
            keys.create(workspace, f"client {number}", [Scope.WRITE]).secret
            for number in range(count)
        ]


def post(client: httpx2.Client, row: Row, data: bytes) -> tuple[int, str]:
    """Send a file; return the status and the code of the problem."""
    name = "embedding" if row.path == IMPORT else "file"
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
            watch = Watch(at.url, at.process)
            begun = time.perf_counter()
            answers = _at_once(row, data, url=at.url)
            seconds = time.perf_counter() - begun
            results.append(
                {
                    "file": row.name,
                    "bytes": len(data) * row.at_once,
                    "answers": [" ".join(map(str, answer)) for answer in answers],
                    "seconds": round(seconds, 1),
                    **watch.stop(),
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
    results = []
    # No file is refused for being one of many.
    options = (*options, "--key-requests-per-minute", "1000000")
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), *options, callers=CLIENTS) as at,
    ):
        for kind in kinds:
            watch = Watch(at.url, at.process)
            begun = time.perf_counter()
            # Processes: threads would hold up the one that asks `/livez`.
            with ProcessPoolExecutor(CLIENTS) as senders:
                jobs = [
                    senders.submit(_send_mutants, at.url, headers, kind, seed, numbers)
                    for headers, numbers in zip(
                        at.callers, _shares(count, len(at.callers)), strict=True
                    )
                ]
                statuses = sum((job.result() for job in jobs), Counter())
            results.append(
                {
                    "kind": kind,
                    "files": count,
                    "statuses": {str(status): n for status, n in sorted(statuses.items())},
                    "files_a_second": round(count / (time.perf_counter() - begun), 1),
                    **watch.stop(),
                }
            )
            print(json.dumps(results[-1]), file=sys.stderr)
    return results


def _shares(count: int, parts: int) -> list[range]:
    return [range(first, count, parts) for first in range(parts)]


def _send_mutants(
    url: str, headers: dict[str, str], kind: str, seed: int, numbers: range
) -> Counter[int]:
    """Send the damaged files of these numbers one after the other; return how often each status."""
    statuses: Counter[int] = Counter()
    with httpx2.Client(base_url=url, timeout=_PATIENCE, headers=headers) as client:
        for number in numbers:
            random = np.random.default_rng([seed, KINDS.index(kind), number])
            row, data = _mutant(kind, number, random=random)
            statuses[post(client, row, data)[0]] += 1
    return statuses


def _mutant(kind: str, number: int, *, random: np.random.Generator) -> tuple[Row, bytes]:
    good = whole_files()
    other = good[sorted(good)[int(random.integers(0, len(good)))]]
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
        if row["livez_own_silence_seconds"] > MOST_SILENCE:
            found.append(
                f"{name}: /livez silent for {row['livez_own_silence_seconds']} s more than the "
                "machine"
            )
        answers = row.get("answers") or list(row["statuses"])
        if any(not answer.startswith(("2", "4")) for answer in answers):
            found.append(f"{name}: answered {answers}")
    return found


def measure(count: int = 2_000, seed: int = 0) -> dict[str, Any]:
    """Return the table, the mutants, and in words what did not keep to the goals."""
    result = {"table": table(), "mutants": mutants(count, seed)}
    return {**result, "faults": faults(result)}


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
