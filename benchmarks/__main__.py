"""Runs the benchmarks and writes their results: ``python -m benchmarks [NAME ...]``."""

import json
import sys
from datetime import UTC, datetime

from benchmarks import (
    client_import,
    cold_start,
    coverage,
    decoding,
    estimators,
    fairness,
    faults,
    gpu,
    http_load,
    http_schema,
    information,
    memory,
    passes,
    published_method,
    refitted_heads,
    repeatability,
    scaling,
    search,
)
from benchmarks.examples import RESULTS
from benchmarks.hostile import run as hostile
from benchmarks.hostile import served
from benchmarks.machine import describe

BENCHMARKS = {
    "client_import": client_import.measure,
    "passes": passes.measure,
    "memory": memory.measure,
    "cold_start": cold_start.measure,
    "decoding": decoding.measure,
    "scaling": scaling.measure,
    "published_method": published_method.measure,
    "gpu": gpu.measure,
    "hostile": hostile.measure,
    "faults": faults.measure,
    "fairness": fairness.measure,
    "http_load": http_load.measure,
    "http_schema": http_schema.measure,
    "repeatability": repeatability.measure,
    "refitted_heads": refitted_heads.measure,
    "information": information.measure,
    "information_default": information.measure_default,
    "estimators": estimators.measure,
    "search": search.measure,
}

LONG = {
    "coverage": coverage.measure,
    "hostile_uploads": served.measure,
    "memory_large": memory.measure_large,
}
"""Those that take half an hour: run by their names only."""


def main() -> None:
    """Run the named benchmarks, or all but the long ones; None as a result is not written."""
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"{name} ...", flush=True)
        found = (BENCHMARKS | LONG)[name]()
        if found is None:
            continue
        result = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": describe(),
            "result": found,
        }
        text = json.dumps(result, indent=2, ensure_ascii=False)
        (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(text, flush=True)


if __name__ == "__main__":
    main()
