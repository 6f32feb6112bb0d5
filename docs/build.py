"""Generates the documents that are derived from the code.

``python -m docs.build`` writes them; with ``--check`` it writes nothing, and fails where one is out
of date.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from docs.dynamics_tables import dynamics
from docs.error_catalogue import error_catalogue
from docs.evidence import does_it_work
from docs.http_reference import http_reference
from docs.performance import performance
from docs.reference import command_reference

DOCS = Path(__file__).parent

#: What generates each file, by its name in this folder.
GENERATED: dict[str, Callable[[], str]] = {
    "cli.md": command_reference,
    "does-it-work.md": does_it_work,
    "dynamics.md": dynamics,
    "errors.md": error_catalogue,
    "http-api.md": http_reference,
    "performance.md": performance,
}


def stale(folder: Path = DOCS) -> Iterator[tuple[Path, str]]:
    """Yield each generated file in ``folder`` that is out of date, with what belongs into it."""
    for name, generate in GENERATED.items():
        path, wanted = folder / name, generate()
        if not path.is_file() or path.read_text(encoding="utf-8") != wanted:
            yield path, wanted


def main(arguments: Sequence[str] | None = None, *, folder: Path = DOCS) -> int:
    """Write the generated documents, or say which are out of date; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m docs.build", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail where a file is out of date"
    )
    check = parser.parse_args(arguments).check
    found = list(stale(folder))
    for path, wanted in found:
        if check:
            print(f"{path} is out of date. Run `make docs` and commit it.", file=sys.stderr)
        else:
            path.write_text(wanted, encoding="utf-8")
            print(f"Wrote {path}.")
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
