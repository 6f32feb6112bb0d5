"""What the tests of the deployment share: the files, and whether pip has an index to take from."""

import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
INSTALL = ROOT / "deploy" / "install.sh"

#: What only the server needs, by distribution: none of it may be in a client's environment.
HEAVY = frozenset(
    {"torch", "torchvision", "timm", "faiss-cpu", "sqlalchemy", "scipy", "fastapi", "matplotlib"}
)


@cache
def index_is_missing() -> str | None:
    """Return why nothing can be installed here, or None where a package index answers."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["-q", "--no-deps", "--no-cache-dir", "--retries", "1", "--timeout", "15"]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", *options, "--dest", folder, "hatchling"],
            capture_output=True,
            text=True,
        )
    return None if done.returncode == 0 else f"pip finds no package index: {done.stderr[-300:]}"


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile with their arguments, continued lines joined."""
    lines = [line for line in dockerfile.splitlines() if not re.match(r"\s*(#|$)", line)]
    joined = "\n".join(lines).replace("\\\n", " ")
    parts = (line.split(maxsplit=1) for line in joined.splitlines())
    return [(keyword, " ".join(rest.split())) for keyword, rest in parts]
