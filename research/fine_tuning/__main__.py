"""Which recipe of fine-tuning is best with few images and with all, against a linear probe.

    python -m research.fine_tuning
    python -m research.fine_tuning --table

Every measured row is written at once to research/results/fine_tuning.json, and what is there is
not measured again: it may be stopped at any time. The second form prints the tables.
"""

import argparse
import json
from time import process_time
from typing import Any

import torch

from benchmarks.machine import describe
from research import RESULTS
from research.fine_tuning.cells import START
from research.fine_tuning.measuring import measure
from research.fine_tuning.recipes import plan
from research.fine_tuning.tables import show

RESULT = RESULTS / "fine_tuning.json"
KEY = ("budget", "seed", "task", "recipe")


def main() -> None:
    """Measure what is missing, or show what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="show the results")
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if RESULT.exists():
        rows = json.loads(RESULT.read_text(encoding="utf-8"))["rows"]
    if asked.table:
        show(rows)
        return
    torch.set_num_threads(1)
    known = {tuple(row[name] for name in KEY) for row in rows}
    for each in plan():
        if each.key in known:
            continue
        known.add(each.key)
        begun = process_time()
        row = {**dict(zip(KEY, each.key, strict=True)), **measure(each)}
        row["processor_seconds"] = round(process_time() - begun, 1)
        print({name: row[name] for name in (*KEY, "processor_seconds")}, flush=True)
        rows.append(row)
        rows.sort(key=lambda row: [row[name] for name in KEY])
        _write(rows)


def _write(rows: list[dict[str, Any]]) -> None:
    about = {"probe": START, "machine": describe(), "rows": rows}
    unready = RESULT.with_suffix(".partial")
    unready.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    unready.replace(RESULT)


if __name__ == "__main__":
    main()
