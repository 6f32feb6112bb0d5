"""The order in which several processes are handed the test files."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def collected(*paths: str, **environment: str) -> list[str]:
    """Return the files of the tests that are collected, each once, in their order."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "--quiet", *paths],
        cwd=HERE,
        env={name: v for name, v in os.environ.items() if not name.startswith("PYTEST_")}
        | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    files = [line.split("::")[0] for line in done.stdout.splitlines() if "::" in line]
    return [Path(file).name for file in dict.fromkeys(files)]


PATHS = ("test_type_names.py", "deploy/test_client_wheel.py", "deploy/test_install_script.py")


def test_processes_get_the_longest_files_first() -> None:
    shared = collected(*PATHS, PYTEST_XDIST_WORKER="gw0")
    assert shared == ["test_install_script.py", "test_client_wheel.py", "test_type_names.py"]
    assert collected(*PATHS)[0] == "test_type_names.py"


def test_a_quick_run_leaves_out_what_takes_long() -> None:
    assert collected("--quick", *PATHS) == ["test_type_names.py"]
