"""Generated requests against the OpenAPI document: no fault of the server, no broken promise."""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.serving import serving

CASES = int(os.environ.get("BENCH_CASES", "60"))
"""Generated cases for each operation and phase."""


def measure() -> dict[str, Any]:
    """Run schemathesis, stateful too, with an admin key on a filled store."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        return fuzz(root, cases=CASES)


def fuzz(root: Path, *, cases: int) -> dict[str, Any]:
    """Fill a store in ``root``, serve it, and return what became of the generated requests."""
    from benchmarks.filled import fill

    store = root / "store"
    fill(store)
    key = _admin_key(store)
    report = root / "report.ndjson"
    with serving(store, log=root / "server.log", workers=1) as server:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "run",
                f"{server.url}/openapi.json",
                "--header",
                f"Authorization: Bearer {key}",
                "--phases",
                "examples,coverage,fuzzing,stateful",
                "--max-examples",
                str(cases),
                "--checks",
                "all",
                "--request-timeout",
                "60",
                "--report",
                "ndjson",
                "--report-ndjson-path",
                str(report),
                "--seed",
                "1",
                "--continue-on-failure",
            ],
            capture_output=True,
            text=True,
        )
    statuses = _statuses(report)
    total = sum(statuses.values())
    return {
        "exit": done.returncode,
        "cases": total,
        "share_2xx": round(sum(n for s, n in statuses.items() if 200 <= s < 300) / total, 3),
        "answers_5xx": sum(n for s, n in statuses.items() if s >= 500),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "summary": done.stdout.splitlines()[-40:],
    }


def _admin_key(store: Path) -> str:
    command = [sys.executable, "-m", "task2vec", "keys", "create", "fuzz", "--scope", "admin"]
    command += ["--requests-per-minute", "1000000", "--concurrent", "64", "--json"]
    command += ["--store", str(store)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    secret: str = json.loads(done.stdout)["key"]
    return secret


def _statuses(report: Path) -> Counter[int]:
    """Count the answers that the report holds, whatever the nesting of its events."""
    found: Counter[int] = Counter()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            status = value.get("status_code")
            if isinstance(status, int):
                found[status] += 1
                return
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    for line in report.read_text(encoding="utf-8").splitlines():
        look(json.loads(line))
    return found
