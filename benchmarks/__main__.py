"""Runs the benchmarks and writes their results: ``python -m benchmarks [NAME ...]``."""

import sys

from benchmarks import (
    atlas,
    client_import,
    cold_start,
    coverage,
    decoding,
    estimators,
    fairness,
    faults,
    first_answer,
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
    "first_answer": first_answer.measure,
    "atlas": atlas.measure,
    "decoding": decoding.measure,
    "scaling": scaling.measure,
    "published_method": published_method.measure,
    "gpu": gpu.measure,
    "http_load": http_load.measure,
    "repeatability": repeatability.measure,
    "refitted_heads": refitted_heads.measure,
    "information_default": information.measure_default,
    "estimators": estimators.measure,
}

LONG = {
    "coverage": coverage.measure,
    "fairness": fairness.measure,
    "faults": faults.measure,
    "information": information.measure,
    "memory_large": memory.measure_large,
    "search": search.measure,
}
"""Those that take seven minutes or more: run by their names only."""


def main() -> None:
    """Run the named benchmarks, or all but the long ones; the results say how long each took."""
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"{name} ...", flush=True)
        print(record((BENCHMARKS | LONG)[name], RESULTS / f"{name}.json"), flush=True)


if __name__ == "__main__":
    main()
