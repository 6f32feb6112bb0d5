"""Runs the blocks of one page, in order, in the working directory: ``run_page.py PAGE``."""

import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from documents import Block, blocks
from page_server import STARTS, PageServer

# They install, fetch, or run for minutes; `cd` goes into what was fetched.
SKIPPED = re.compile(r"(make|git|pip|python -m pip|cd|docker|task2vec demo)\b")

# What a batch says of an item, in any of the forms; the count of those that failed may be 0.
FAILED = re.compile(r"\bfailed\b(?!['\"]?: ?0\b)")

# A failing command ends the block, as with `set -e`; but 3 is an answer (abstained), not a failure.
# What a block exports, and its functions, are there in the next one: a reader has one terminal.
PREAMBLE = """set -uo pipefail
[ ! -e {state} ] || . {state}
trap '[ $? -eq 3 ] || exit 1' ERR
trap 'code=$?; {{ export -p; declare -f; }} > {state}; exit $code' EXIT
"""


@dataclass
class Course:
    """What the blocks of a page share: the names of its Python, its terminal, its server."""

    page: str
    folder: Path
    state: Path
    server: PageServer
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})


def shell_lines(block: Block) -> str:
    """Return what a shell runs of a block, without the lines that are skipped or start a server."""
    lines = block.code.splitlines()
    if block.language == "console":
        lines = [line.removeprefix("$").strip() for line in lines if line.startswith("$")]
    kept = ("" if _apart(line.lstrip()) else line for line in lines)
    return "\n".join(kept) + "\n"


def run_block(block: Block, course: Course) -> None:
    """Write, run or pass over a block."""
    if block.file is not None:
        path = course.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.code, encoding="utf-8")
        return
    if not block.runs:
        return
    for line in block.code.splitlines() if block.language != "python" else ():
        if STARTS.match(line):
            course.server.start_as_told(line, folder=course.folder)
    block = replace(block, code=course.server.located(block.code))
    if block.language == "python":
        # Empty lines before it make tracebacks show the line of the page.
        code = compile("\n" * (block.line - 1) + block.code, course.page, "exec")
        with redirect_stdout(StringIO()) as out:
            exec(code, course.names)
        check_output(out.getvalue(), told=f"{course.page}, line {block.line}")
        return
    _run_shell(block, course)


def run_page(page: Path, folder: Path) -> None:
    """Run all blocks of a page in ``folder``; raises what the first failing one raises."""
    with TemporaryDirectory() as scratch:
        place = Path(scratch)
        with PageServer(place / "server.log") as server:
            course = Course(str(page), folder, state=place / "state.sh", server=server)
            for found in blocks(page.read_text(encoding="utf-8")):
                run_block(found, course)


def _apart(line: str) -> bool:
    return bool(SKIPPED.match(line) or STARTS.match(line))


def _run_shell(block: Block, course: Course) -> None:
    preamble = PREAMBLE.format(state=shlex.quote(str(course.state)))
    done = subprocess.run(
        ["bash", "-c", preamble + shell_lines(block)],
        cwd=course.folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    told = f"{course.page}, line {block.line}:\n{done.stdout}\n{done.stderr}"
    assert done.returncode in (0, 3), told
    assert "Traceback" not in done.stderr, told
    check_output(done.stdout, told=told)


def check_output(out: str, *, told: str) -> None:
    """A batch goes on after an item that failed: it is in the output alone."""
    assert not FAILED.search(out), f"{told}\n{out}"


if __name__ == "__main__":
    run_page(Path(sys.argv[1]), Path())
