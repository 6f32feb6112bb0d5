"""Runs the code of the README and of docs/: what they tell is what happens."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from documents import ROOT, Block, blocks, pages

# They install, fetch, or run for minutes; `cd` goes into what was fetched.
SKIPPED = re.compile(r"(make|git|pip|python -m pip|cd|task2vec demo)\b")

# A failing command ends the block, as with `set -e`; but 3 is an answer (abstained), not a failure.
PREAMBLE = """set -uo pipefail
trap '[ $? -eq 3 ] || exit 1' ERR
"""

EXECUTABLE = Path(sys.executable).parent / "task2vec"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few images wherever a page does not say how many, and no settings of whoever runs this."""
    for name in [name for name in os.environ if name.startswith("TASK2VEC_")]:
        if name != "TASK2VEC_CACHE":
            monkeypatch.delenv(name)
    for command in ("EMBED", "BATCH", "NEIGHBOURS", "DISTANCE", "RECOMMEND", "FINETUNE"):
        monkeypatch.setenv(f"TASK2VEC_{command}_IMAGES", "20")
    monkeypatch.setenv("PATH", f"{EXECUTABLE.parent}{os.pathsep}{os.environ['PATH']}")


def shell_lines(block: Block) -> str:
    """Return what a shell runs of a block, without the lines that `SKIPPED` names."""
    lines = block.code.splitlines()
    if block.language == "console":
        lines = [line.removeprefix("$").strip() for line in lines if line.startswith("$")]
    return "\n".join("" if SKIPPED.match(line.lstrip()) else line for line in lines) + "\n"


def run_block(block: Block, *, page: Path, folder: Path, names: dict[str, Any]) -> None:
    """Write, run or pass over a block; ``names`` are those of the page's Python so far."""
    place = f"{page.name}, line {block.line}"
    if block.file is not None:
        path = folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.code, encoding="utf-8")
    elif block.runs and block.language == "python":
        # Empty lines before it make tracebacks show the line of the page.
        code = "\n" * (block.line - 1) + block.code
        exec(compile(code, str(page), "exec"), names)
    elif block.runs:
        done = subprocess.run(
            ["bash", "-c", PREAMBLE + shell_lines(block)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode in (0, 3), f"{place}:\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, f"{place}:\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_snippets_run(page, small_tasks, tmp_path, environment, monkeypatch) -> None:
    folder = tmp_path / "work"
    shutil.copytree(small_tasks, folder)
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page.read_text(encoding="utf-8")):
        run_block(block, page=page, folder=folder, names=names)


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        ("true", True),
        ("false", False),
        ("false; true", False),
        ("false | true", False),
        ("(exit 3); touch after", True),
        ("(exit 2); touch after", False),
        ("(exit 3) || [ $? -eq 3 ]", True),
        ("make nothing\ngit nothing\n  pip nothing", True),
        ("gitless", False),
        ("echo $UNSET", False),
    ],
)
def test_a_shell_block_fails_as_a_reader_would_see_it_fail(code, passes, tmp_path) -> None:
    block = Block(1, "bash", None, code + "\n")
    if passes:
        run_block(block, page=ROOT, folder=tmp_path, names={})
        assert (tmp_path / "after").exists() == ("after" in code)
    else:
        with pytest.raises(AssertionError):
            run_block(block, page=ROOT, folder=tmp_path, names={})
        assert not (tmp_path / "after").exists()


def test_only_prompted_lines_of_a_console_block_run() -> None:
    block = Block(1, "console", None, "$ echo a\na\n$ make b\nb\n$ echo c\n")
    assert shell_lines(block) == "echo a\n\necho c\n"


def test_blocks_are_found_with_their_line_language_and_file() -> None:
    text = (
        "a\n```bash\ntrue\n```\n1. b\n   ```toml x/y.toml\n   a = 1\n   ```\n```text\n$ no\n```\n"
    )
    assert list(blocks(text)) == [
        Block(3, "bash", None, "true\n"),
        Block(7, "toml", "x/y.toml", "a = 1\n"),
        Block(10, "text", None, "$ no\n"),
    ]
    assert [block.runs for block in blocks(text)] == [True, False, False]
    with pytest.raises(ValueError, match="line 1 has no end"):
        list(blocks("```bash\ntrue\n"))
