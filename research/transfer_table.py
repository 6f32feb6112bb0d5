"""Tables that are written part by part, so that a broken run goes on."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path


def sources_in(table: Path) -> set[str]:
    """Return the sources whose experts the table has already."""
    if not table.exists():
        return set()
    with table.open(newline="") as file:
        return {row["source"] for row in csv.DictReader(file)}


def append_rows(table: Path, rows: Sequence[Sequence[object]], *, columns: Sequence[str]) -> None:
    """Append rows in one write, so that a broken run leaves no half of them.

    A new table gets its header first.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if not table.exists():
        writer.writerow(columns)
    writer.writerows(rows)
    with table.open("a", newline="") as file:
        file.write(text.getvalue())
        file.flush()
        os.fsync(file.fileno())
