"""The order in which several processes are handed the test files."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PATHS = (
    "deploy/test_dockerfile.py",
    "deploy/test_client_wheel.py",
    "deploy/test_install_script.py",
)
# What takes two of three seconds to import, and has no part in the order.
WITHOUT = ("-p", "no:schemathesis", "-p", "no:hypothesispytest")


def collected(*paths: str, **environment: str) -> list[str]:
    """Return the files of the tests that are collected, each once, in their order."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "--quiet", *WITHOUT, *paths],
        cwd=HERE,
        env={name: v for name, v in os.environ.items() if not name.startswith("PYTEST_")}
        | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [line.split("::")[0] for line in done.stdout.splitlines() if "::" in line]
    return [Path(file).name for file in dict.fromkeys(files)]


def test_processes_get_the_longest_files_first() -> None:
    seconds = json.loads((HERE / "seconds.json").read_text(encoding="utf-8"))
    longest = sorted(PATHS, key=lambda path: seconds.get(path, 0), reverse=True)
    shared = collected(*longest[::-1], PYTEST_XDIST_WORKER="gw0")
    assert shared == [Path(path).name for path in longest]


def test_a_quick_run_leaves_out_what_takes_long() -> None:
    assert collected("--quick", *PATHS) == ["test_dockerfile.py"]
