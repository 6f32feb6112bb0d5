"""Runs the blocks of one page, in order, in the working directory: ``run_page.py PAGE``."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from documents import Block, blocks

# They install, fetch, or run for minutes; `cd` goes into what was fetched.
SKIPPED = re.compile(r"(make|git|pip|python -m pip|cd|task2vec demo)\b")

# A failing command ends the block, as with `set -e`; but 3 is an answer (abstained), not a failure.
PREAMBLE = """set -uo pipefail
trap '[ $? -eq 3 ] || exit 1' ERR
"""


def shell_lines(block: Block) -> str:
    """Return what a shell runs of a block, without the lines that `SKIPPED` names."""
    lines = block.code.splitlines()
    if block.language == "console":
        lines = [line.removeprefix("$").strip() for line in lines if line.startswith("$")]
    return "\n".join("" if SKIPPED.match(line.lstrip()) else line for line in lines) + "\n"


def run_block(block: Block, *, page: str, folder: Path, names: dict[str, Any]) -> None:
    """Write, run or pass over a block; ``names`` are those of the page's Python so far."""
    if block.file is not None:
        path = folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.code, encoding="utf-8")
    elif block.runs and block.language == "python":
        # Empty lines before it make tracebacks show the line of the page.
        exec(compile("\n" * (block.line - 1) + block.code, page, "exec"), names)
    elif block.runs:
        done = subprocess.run(
            ["bash", "-c", PREAMBLE + shell_lines(block)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
        )
        told = f"{page}, line {block.line}:\n{done.stdout}\n{done.stderr}"
        assert done.returncode in (0, 3), told
        assert "Traceback" not in done.stderr, told


if __name__ == "__main__":
    names: dict[str, Any] = {"__name__": "__main__"}
    for found in blocks(Path(sys.argv[1]).read_text(encoding="utf-8")):
        run_block(found, page=sys.argv[1], folder=Path(), names=names)
