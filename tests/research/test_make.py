"""What `make` tells on a fresh machine."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_the_long_installation_is_told_before_it_begins() -> None:
    planned = ["make", "--dry-run", "VENV=fresh", "demo"]
    done = subprocess.run(planned, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    (told,) = [i for i, line in enumerate(lines) if "Installing task2vec" in line]
    (installed,) = [i for i, line in enumerate(lines) if "pip install " in line][:1]
    assert told < installed
    assert "into fresh. This takes some minutes." in lines[told]
