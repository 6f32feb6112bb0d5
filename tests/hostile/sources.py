"""Opens and reads hostile sources in a process of its own, and judges what happens."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from hostile.bombs import bombs
from hostile.case import SENTINEL, Case
from hostile.damaged import damaged_files, damaged_images
from hostile.names import hostile_names, traversal_names, write_outside
from task2vec.data.open import open_source
from task2vec.data.sampling.sample import all_images
from task2vec.errors import SourceError

MAX_SECONDS, MAX_MEBIBYTES = 20, 1536
"""What one source may take, beyond the memory that was held before."""


def measure(count: int = 2_500, seed: int = 0) -> dict[str, Any]:
    """Return how ``count`` sources ended; raises `RuntimeError` if one did what none may."""
    done = subprocess.run(
        [sys.executable, "-m", "hostile.sources", str(count), str(seed)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"hostile sources ended by {done.returncode}:\n{done.stderr[-4000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def cases(count: int, seed: int) -> Iterator[Case]:
    """Yield the sources: all bombs, some of the names, and damage up to ``count``."""
    random = np.random.default_rng(seed)
    fixed = [*bombs(), *hostile_names()]
    # A short run takes an even share of the names; a full one takes all of them.
    step = max(1, -(-2 * len(fixed) // count))
    chosen = fixed[seed % step :: step]
    yield from chosen
    damaged = max(count - len(chosen), 0)
    yield from damaged_images(damaged // 2, random)
    yield from damaged_files(damaged - damaged // 2, random)


def _run(count: int, seed: int) -> dict[str, Any]:
    opened: list[str] = []
    parent = Path(tempfile.mkdtemp())
    outside = str(write_outside(parent))

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path = os.fsdecode(arguments[0])
            if os.path.realpath(path).startswith(outside):
                opened.append(path)

    sys.addaudithook(watch)
    ends: dict[str, Counter[str]] = {}
    faults: list[str] = []
    slowest, largest = (0.0, ""), (0, "")
    total = 0
    try:
        before = _listing(parent)
        for case in cases(count, seed):
            total += 1
            folder = parent / "case"
            folder.mkdir()
            called = f"{case.kind}: {case.name}"
            try:
                source = case.write(folder)
            # Some names are no names on this system: nothing to open.
            except (OSError, ValueError, UnicodeError) as error:
                ends.setdefault(case.kind, Counter())[f"not made ({type(error).__name__})"] += 1
                shutil.rmtree(folder)
                continue
            written = _listing(folder)
            held = _reset_peak()
            started = perf_counter()
            end, fault = end_of(source)
            seconds, memory = perf_counter() - started, _mebibytes("VmHWM") - held
            slowest = max(slowest, (seconds, called))
            largest = max(largest, (memory, called))
            ends.setdefault(case.kind, Counter())[end] += 1
            found = [
                fault,
                "opened a file outside" if opened else None,
                f"took {seconds:.1f} s" if seconds > MAX_SECONDS else None,
                "changed its folder" if _listing(folder) != written else None,
                f"took {memory} MiB" if memory > MAX_MEBIBYTES else None,
            ]
            faults += [f"{called}: {what}" for what in found if what]
            opened.clear()
            shutil.rmtree(folder)
        if _listing(parent) != before:
            faults.append("changed something outside")
    finally:
        shutil.rmtree(parent)
    return {
        "sources": total,
        "traversal_names": len(traversal_names(parent / "case")),
        "seed": seed,
        "ends": {kind: dict(sorted(counts.items())) for kind, counts in sorted(ends.items())},
        "slowest_seconds": round(slowest[0], 2),
        "slowest": slowest[1],
        "most_memory_mib": largest[0],
        "most_memory": largest[1],
        "faults": faults,
    }


def end_of(source: Path) -> tuple[str, str | None]:
    """Return how a source ended, and what it did that none may."""
    try:
        task = open_source(source, trusted=False)
        sample = all_images(task, transform=lambda image: image.getpixel((0, 0)))
    except SourceError as error:
        str(error).encode()
        return "refused", None
    except BaseException:
        return "crashed", traceback.format_exc()
    if SENTINEL in sample.images:
        return "escaped", "gave the image outside"
    "\n".join([*task.warnings, *sample.warnings]).encode()
    return ("read in part" if sample.warnings or task.warnings else "read"), None


def _reset_peak() -> int:
    """Forget the most memory that was held so far, and return what is held (Linux, MiB)."""
    Path("/proc/self/clear_refs").write_text("5")
    return _mebibytes("VmRSS")


def _mebibytes(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) // 1024


def _listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.lstat().st_size) for path in folder.rglob("*"))


def main() -> None:
    """Run, print the result, and fail if there were faults."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    arguments = parser.parse_args()
    result = _run(arguments.count, arguments.seed)
    print(json.dumps(result))
    if result["faults"]:
        sys.exit("\n".join(result["faults"]))


if __name__ == "__main__":
    main()
