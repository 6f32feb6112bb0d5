"""Runs a suite at its full size and records it: ``PYTHONPATH=tests python -m hostile sources``.

``uploads`` takes half an hour, ``sources`` five minutes.
"""

import sys
from pathlib import Path

from benchmarks.machine import record
from hostile import sources, uploads

SUITES = {"sources": sources.measure, "uploads": uploads.measure}

if __name__ == "__main__":
    for name in sys.argv[1:] or SUITES:
        print(record(SUITES[name], Path(__file__).with_name(f"{name}.json")), flush=True)
