"""Runs the requests at full number and records it: ``PYTHONPATH=tests python -m fuzzing``."""

from pathlib import Path

from benchmarks.machine import record
from fuzzing.run import measure

if __name__ == "__main__":
    print(record(measure, Path(__file__).with_name("result.json")), flush=True)
