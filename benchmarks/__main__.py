"""Runs the benchmarks and writes their results: ``python -m benchmarks [NAME ...]``."""

import sys

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
from benchmarks.machine import record

BENCHMARKS = {
    "client_import": client_import.measure,
    "passes": passes.measure,
    "memory": memory.measure,
    "cold_start": cold_start.measure,
    "decoding": decoding.measure,
    "scaling": scaling.measure,
    "published_method": published_method.measure,
    "gpu": gpu.measure,
    "faults": faults.measure,
    "fairness": fairness.measure,
    "http_load": http_load.measure,
    "repeatability": repeatability.measure,
    "refitted_heads": refitted_heads.measure,
    "information": information.measure,
    "information_default": information.measure_default,
    "estimators": estimators.measure,
    "search": search.measure,
}

LONG = {
    "coverage": coverage.measure,
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
        print(record(found, RESULTS / f"{name}.json"), flush=True)


if __name__ == "__main__":
    main()
