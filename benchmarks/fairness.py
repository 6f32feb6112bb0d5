"""What one key that asks for a thousand neighbours at a time leaves to the others.

The tasks are drawn, since only their number and size count here: families of log-normal elements,
each task with the noise of eight groups of images.
"""

import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import httpx2
import numpy as np
from numpy.typing import NDArray

from benchmarks.serving import say, serving
from task2vec.messages.tasks import StoredTask
from task2vec.service import keys
from task2vec.service.tasks.tasks import task_record
from task2vec.service.workspace import Workspace
from task2vec.store import Store
from task2vec.store.index.faiss import FaissIndex, usable
from task2vec.types import HeadFit, Provenance, Scope, Space, TaskEmbedding

TASKS, ELEMENTS, FAMILIES, GROUPS = 14_000, 8_960, 200, 8
_PRIOR, _SCALE = 1e-6, 7e-5
_FAMILY, _TASK, _NOISE = 1.0, 0.5, 0.6
_BATCH = 200
_ALONE = ((10, 30), (100, 10), (1000, 5))
_SECONDS = 60.0
_PATIENCE = 600.0


def fill_store(path: Path, tasks: int) -> None:
    """Make a store of ``tasks`` tasks in ``path``, a quarter of a megabyte each."""
    space = Space(
        probe="efficientnet_lite0",
        estimator="fisher",
        head_penalty=0.01,
        prior_precision=_PRIOR,
    )
    drawn = _tasks(tasks, space)
    with Store.open(path) as store:
        while batch := list(islice(drawn, _BATCH)):
            store.tasks.add_many(batch)


def measure() -> dict[str, Any]:
    """Return latencies of one caller alone, and what others get beside one that asks for much."""
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "store"
        stored = os.environ.get("BENCH_STORE")
        if stored is None:
            fill_store(store, TASKS)
        else:
            store = Path(stored)
        secrets = _keys(store, ["much", "one", "two", "three"])
        log = Path(scratch) / "server.log"
        with serving(store, log=log, patience=300) as server:
            clients = {
                name: httpx2.Client(
                    base_url=server.url, headers={"Authorization": f"Bearer {secret}"}, timeout=120
                )
                for name, secret in secrets.items()
            }
            _await_index(clients["one"])
            alone = {f"k_{k}": _alone(clients["one"], k=k, times=times) for k, times in _ALONE}
            say(alone=alone)
            beside = _beside(clients)
        # In a process without torch, which other benchmarks load: FAISS is not used beside it.
        command = [sys.executable, "-m", "benchmarks.fairness", str(store)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return {
        "tasks": TASKS,
        "elements": ELEMENTS,
        "alone": alone,
        "beside": beside,
        "processor_s": json.loads(done.stdout),
    }


def processor_seconds(path: Path) -> dict[str, float]:
    """Return the processor time of one search in this process, the median by k.

    Raises `RuntimeError` where the search does not come to use FAISS.
    """
    with Store.open(path) as store:
        task = store.tasks.page(limit=1)[0]
        query = store.tasks.embedding(task.id)
        # Until FAISS's own index is loaded or built, all tasks are scanned.
        until = time.monotonic() + _PATIENCE
        while not isinstance(store.index(query.space), FaissIndex):
            if not usable() or time.monotonic() > until:
                raise RuntimeError("the search does not use FAISS: torch is loaded, or it failed")
            time.sleep(0.2)
        found = {}
        for k, times in _ALONE:
            seconds = []
            for _ in range(min(times, 5)):
                begun = time.process_time()
                store.index(query.space).search(query, k=k, exclude=[task.id])
                seconds.append(time.process_time() - begun)
            found[f"k_{k}"] = median(seconds)
    say(processor=found)
    return found


def _keys(store: Path, names: list[str]) -> dict[str, str]:
    with Workspace(store) as workspace:
        for record in keys.list_all(workspace):
            if record.revoked is None:
                keys.revoke(workspace, record.name)
        stamp = secrets.token_hex(4)
        return {
            name: keys.create(workspace, f"{name}-{stamp}", [Scope.READ]).secret for name in names
        }


def _await_index(client: httpx2.Client) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        reasons = client.get("/readyz").json()["reasons"]
        if not any("index" in reason for reason in reasons):
            # FAISS's own index is built in the background from the first question on.
            for _ in range(5):
                _ask(client, k=10)
                time.sleep(2)
            return
        time.sleep(0.5)
    raise RuntimeError("the index was not loaded in time")


def _ask(client: httpx2.Client, *, k: int) -> httpx2.Response:
    task = f"task_{random.randrange(TASKS):05}"
    return client.get(f"/v1/tasks/{task}/neighbours", params={"k": k})


def _alone(client: httpx2.Client, *, k: int, times: int) -> dict[str, float]:
    seconds = []
    for _ in range(times):
        begun = perf_counter()
        _ask(client, k=k).raise_for_status()
        seconds.append(perf_counter() - begun)
    return {"times": times, "median_s": median(seconds), "largest_s": max(seconds)}


def _beside(clients: dict[str, httpx2.Client]) -> dict[str, Any]:
    """Let one key ask for a thousand neighbours on four connections, and others for ten each."""
    until = time.monotonic() + _SECONDS

    def much(_: int) -> Counter[int]:
        statuses: Counter[int] = Counter()
        while time.monotonic() < until:
            answer = _ask(clients["much"], k=1000)
            statuses[answer.status_code] += 1
            if answer.status_code != 200:
                time.sleep(0.5)
        return statuses

    def little(name: str) -> list[tuple[int, float]]:
        found = []
        time.sleep(3)
        while time.monotonic() < until:
            begun = perf_counter()
            status = _ask(clients[name], k=10).status_code
            found.append((status, perf_counter() - begun))
            time.sleep(0.5)
        return found

    others = ("one", "two", "three")
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(much, connection) for connection in range(4)]
        answers = [one for found in pool.map(little, others) for one in found]
        statuses = sum((found.result() for found in asked), Counter[int]())
    answered = sorted(seconds for status, seconds in answers if status == 200)
    return {
        "seconds": _SECONDS,
        "much": dict(statuses),
        "others_asked": len(answers),
        "others_answered": len(answered),
        "others_median_s": median(answered) if answered else None,
        "others_p95_s": answered[int(0.95 * len(answered))] if answered else None,
    }


def _tasks(count: int, space: Space) -> Iterator[tuple[StoredTask, TaskEmbedding]]:
    rng = np.random.default_rng(0)

    def normal(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape, dtype=np.float32)

    families = _SCALE * np.exp(_FAMILY * normal(FAMILIES, ELEMENTS))
    for number in range(count):
        family = number % FAMILIES
        task = families[family] * np.exp(_TASK * normal(ELEMENTS))
        replicates = task * np.exp(_NOISE * normal(GROUPS, ELEMENTS))
        provenance = Provenance(
            space=space,
            probe_name="efficientnet_lite0",
            estimator="principal",
            draws=1,
            seed=0,
            images=300,
            classes=10,
            class_names=tuple("abcdefghij"),
            content_hash=sha256(str(number).encode()).hexdigest(),
            standard_error=0.05,
            head=HeadFit(
                converged=True, iterations=9, gradient_norm=0.0, loss=0.1, training_accuracy=1.0
            ),
            versions={},
        )
        embedding = TaskEmbedding.from_estimates(
            values=replicates.mean(axis=0),
            errors=replicates.std(axis=0, ddof=1) / np.sqrt(GROUPS),
            replicates=replicates,
            provenance=provenance,
        )
        record = task_record(
            embedding,
            name=f"task_{number:05}",
            seconds=0.0,
            source="drawn",
            source_signature="",
            tags=(f"family_{family:03}",),
        )
        yield record, embedding


if __name__ == "__main__":
    print(json.dumps(processor_seconds(Path(sys.argv[1]))))
