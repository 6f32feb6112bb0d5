"""Generated requests against the OpenAPI document: no fault of the server, no broken promise."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.examples import folder
from benchmarks.serving import serving
from fuzzing.filling import archive, fill_over_http
from task2vec.service import keys
from task2vec.service.workspace import Workspace
from task2vec.types import Scope

CASES = int(os.environ.get("BENCH_CASES", "60"))
"""Generated cases for each operation and phase."""

_HOOKS = Path(__file__).with_name("hooks.py")
_TAKEN = "examples,coverage,fuzzing,stateful"
_REFUSED = "coverage,fuzzing"
_CONFIG = """\
# What a well-formed request is refused for by its content is told by 422 (see the check
# refused_for_content_only, which holds the reasons), by 412 (an If-Match that no ETag fits) and by
# 413 (a file that unpacks to more than there may be in it).
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "413", "422", "429"]

# A body that is above the limit of bytes is refused before its schema is looked at.
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429"]

[checks]
# Long polls wait up to 20 s on purpose, and looking up a model takes seconds.
max_response_time = 60

# The stream of a job that a generated request leased does not end by itself.
[[operations]]
include-path = "/v1/jobs/{job}/events"
request-timeout = 2
"""


def measure() -> dict[str, Any]:
    """Run schemathesis, stateful too, with an admin key on a filled store."""
    from fuzzing.filled import fill

    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        fill(root / "store")
        return fuzz(root / "store", root, cases=CASES, workers=1)


def fuzz(
    store: Path,
    root: Path,
    *,
    cases: int,
    workers: int,
    taken: str = _TAKEN,
    refused: str = _REFUSED,
) -> dict[str, Any]:
    """Serve a store that holds tasks, and return what became of the generated requests.

    ``taken`` and ``refused`` are the phases of requests that fit the document, and of those that
    do not; ``cases`` is for each operation and phase of the former, the latter get a third of
    that. Files go to ``root``.
    """
    key = _admin_key(store)
    # Names of models are made up: their look-up must not wait for a network that may not be there.
    alone = {"HF_HUB_OFFLINE": "1"}
    log = root / "server.log"
    with serving(store, log=log, workers=workers, environment=alone) as server:
        names = fill_over_http(server.url, key, spare=min(40, 3 * cases))
        _write_files(root, server.url, key, names)
        parts = {
            "positive": _run(root, server.url, key, mode="positive", phases=taken, cases=cases),
            "negative": _run(
                root, server.url, key, mode="negative", phases=refused, cases=max(1, cases // 3)
            ),
        }
    statuses = sum((Counter(part["statuses"]) for part in parts.values()), Counter())
    return {**_summary(statuses), **parts}


def _write_files(root: Path, url: str, key: str, names: dict[str, list[str]]) -> None:
    (root / "names.json").write_text(json.dumps(names), encoding="utf-8")
    (root / "archive.zip").write_bytes(archive("emoji_food"))
    answer = httpx2.get(
        f"{url}/v1/tasks/{names['task'][0]}/embedding",
        headers={"Accept": "application/octet-stream", "Authorization": f"Bearer {key}"},
    )
    (root / "vector.npz").write_bytes(answer.raise_for_status().content)
    shutil.copy(next(folder("emoji_food").glob("*/*.png")), root / "picture.png")
    (root / "schemathesis.toml").write_text(_CONFIG, encoding="utf-8")


def _run(root: Path, url: str, key: str, *, mode: str, phases: str, cases: int) -> dict[str, Any]:
    report = root / f"{mode}.ndjson"
    command = [str(Path(sys.executable).with_name("schemathesis"))]
    command += ["--config-file", str(root / "schemathesis.toml")]
    command += ["run", f"{url}/openapi.json", "--header", f"Authorization: Bearer {key}"]
    command += ["--phases", phases, "--mode", mode, "--max-examples", str(cases)]
    command += ["--checks", "all", "--workers", "1", "--seed", "1", "--continue-on-failure"]
    command += ["--request-timeout", "90", "--generation-database", "none"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(report)]
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": str(_HOOKS),
        "SCHEMA_NAMES": str(root / "names.json"),
        "SCHEMA_RUN": mode,
    }
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, env=environment)
    (root / f"{mode}.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    if not report.exists():
        raise RuntimeError(f"schemathesis did not run:\n{(done.stdout + done.stderr)[-3000:]}")
    statuses, failures = _read(report)
    return {
        "exit": done.returncode,
        **_summary(statuses),
        "failures": {" | ".join(found): count for found, count in failures.most_common()},
    }


def _summary(statuses: Counter[str]) -> dict[str, Any]:
    total = max(1, sum(statuses.values()))
    good = sum(count for status, count in statuses.items() if status.startswith("2"))
    return {
        "cases": sum(statuses.values()),
        "share_2xx": round(good / total, 3),
        "answers_5xx": sum(count for status, count in statuses.items() if status >= "500"),
        "statuses": dict(sorted(statuses.items())),
    }


def _read(report: Path) -> tuple[Counter[str], Counter[tuple[str, ...]]]:
    """Return the answers by status, and the failed checks by check, operation and words."""
    statuses: Counter[str] = Counter()
    failures: Counter[tuple[str, ...]] = Counter()
    for recorder in _recorders(report):
        for interaction in recorder.get("interactions", {}).values():
            response = interaction.get("response")
            statuses[str(response["status_code"]) if response else "none"] += 1
        for checks in recorder.get("checks", {}).values():
            for check in checks:
                if check["status"] == "failure":
                    failure = check.get("failure_info", {}).get("failure", {})
                    operation = failure.get("operation") or recorder["label"]
                    told = failure.get("message", "")[:200]
                    failures[check["name"], operation, failure.get("title", ""), told] += 1
    return statuses, failures


def _recorders(report: Path) -> Iterator[dict[str, Any]]:
    with report.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line).get("ScenarioFinished")
            if event is not None and event.get("recorder"):
                yield event["recorder"]


def _admin_key(store: Path) -> str:
    with Workspace(store) as workspace:
        key = keys.create(
            workspace, "fuzz", [Scope.ADMIN], requests_per_minute=1_000_000, concurrent_requests=64
        )
    return key.secret
