"""The tables of what experts gain, written expert by expert, so that a broken run goes on."""

import csv
from collections.abc import Sequence
from pathlib import Path


def sources_in(table: Path) -> set[str]:
    """Return the sources whose experts the table has already."""
    if not table.exists():
        return set()
    with table.open(newline="") as file:
        return {row["source"] for row in csv.DictReader(file)}


def append_rows(table: Path, rows: Sequence[tuple[object, ...]], *, columns: Sequence[str]) -> None:
    """Append rows; a new table gets its header first."""
    new = not table.exists()
    with table.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(columns)
        writer.writerows(rows)
