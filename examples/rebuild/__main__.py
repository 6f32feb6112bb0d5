"""``python -m examples.rebuild``: build every example task anew."""

import argparse
import sys
from pathlib import Path

from examples.rebuild import clipart, emoji, fashion, flags, freedoom, letters, satellite, tango
from examples.rebuild.describing import write_descriptions
from examples.rebuild.packages import DEFAULT_CACHE, Package, PackageError, unpacked
from examples.rebuild.writing import Built, chosen, write

TASKS = (
    *fashion.TASKS,
    *letters.TASKS,
    *emoji.TASKS,
    *clipart.TASKS,
    *tango.TASKS,
    *flags.TASKS,
    *freedoom.TASKS,
    *satellite.TASKS,
)


def main() -> int:
    """Build all tasks; return 1, with one line on stderr, if a package cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m examples.rebuild", description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="downloads go here")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1])
    arguments = parser.parse_args()

    def unpack(package: Package) -> Path:
        return unpacked(package, arguments.cache.resolve())

    seen: set[str] = set()
    built: list[Built] = []
    for task in TASKS:
        try:
            built.append(Built(task, chosen(task, task.drawings(unpack), seen)))
        except PackageError as error:
            print(error, file=sys.stderr)
            return 1
        print(built[-1].summary, file=sys.stderr)
    write(arguments.out, built)
    write_descriptions(arguments.out, built)
    return 0


if __name__ == "__main__":
    sys.exit(main())
