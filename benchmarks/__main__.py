"""Runs the benchmarks and writes their results: ``python -m benchmarks [NAME ...]``."""

import json
import sys
from datetime import UTC, datetime

from benchmarks import (
    client_import,
    faults,
    http_load,
    http_schema,
    memory,
    passes,
    repeatability,
    search,
)
from benchmarks.examples import RESULTS
from benchmarks.hostile import run as hostile
from benchmarks.machine import describe

BENCHMARKS = {
    "client_import": client_import.measure,
    "passes": passes.measure,
    "memory": memory.measure,
    "hostile": hostile.measure,
    "faults": faults.measure,
    "http_load": http_load.measure,
    "http_schema": http_schema.measure,
    "repeatability": repeatability.measure,
    "search": search.measure,
}


def main() -> None:
    """Run the named benchmarks, or all."""
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"{name} ...", flush=True)
        result = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": describe(),
            "result": BENCHMARKS[name](),
        }
        text = json.dumps(result, indent=2, ensure_ascii=False)
        (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(text, flush=True)


if __name__ == "__main__":
    main()
