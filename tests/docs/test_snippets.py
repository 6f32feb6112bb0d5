"""Runs the code of the README and of docs/: what they tell is what happens."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from documents import ROOT, Block, blocks, pages
from fork_server import ForkServer
from page_server import PageServer
from run_page import Course, run_block, run_page, shell_lines

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Return the course of a page in an empty folder."""
    folder = tmp_path / "folder"
    folder.mkdir()
    server = PageServer(tmp_path / "server.log")
    return Course("a.md", folder, state=tmp_path / "state.sh", server=server)


def page_environment(fork_server: ForkServer) -> dict[str, str]:
    """Few images and epochs where a page does not say how many; no settings of the caller's."""
    settings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TASK2VEC_") or name == "TASK2VEC_CACHE"
    }
    for command in ("EMBED", "BATCH", "NEIGHBOURS", "DISTANCE", "RECOMMEND", "FINETUNE"):
        settings[f"TASK2VEC_{command}_IMAGES"] = "20"
    settings["TASK2VEC_FINETUNE_EPOCHS"] = "1"
    settings["TASK2VEC_RECOMMEND_BUDGET"] = "1"
    # Batches are tiny: more threads would wait for each other, and pages run side by side.
    settings["OMP_NUM_THREADS"] = "1"
    settings["OMP_WAIT_POLICY"] = "PASSIVE"
    # What pages are run by lies above them.
    paths = [str(ROOT / "tests"), *filter(None, [settings.get("PYTHONPATH")])]
    settings["PYTHONPATH"] = os.pathsep.join(paths)
    programs = [str(fork_server.programs), str(Path(sys.executable).parent), settings["PATH"]]
    settings["PATH"] = os.pathsep.join(programs)
    return settings


@pytest.fixture(scope="session")
def page_runs(
    request: pytest.FixtureRequest,
    small_tasks: Path,
    fork_server: ForkServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[Path, "Future[Done]"]]:
    """Run the pages that are asked for, two at a time, each in a folder of its own."""

    def run(page: Path) -> Done:
        folder = tmp_path_factory.mktemp(page.stem) / "work"
        shutil.copytree(small_tasks, folder)
        return subprocess.run(
            fork_server.command(Path(__file__).with_name("run_page.py"), str(page)),
            cwd=folder,
            env=page_environment(fork_server),
            capture_output=True,
            text=True,
            timeout=600,
        )

    wanted = [
        item.callspec.params["page"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_snippets_run.__name__
    ]
    # The longest first, so that the others fill the second place.
    wanted.sort(key=lambda page: len(page.read_text(encoding="utf-8")), reverse=True)
    with ThreadPoolExecutor(2) as executor:
        yield {page: executor.submit(run, page) for page in wanted}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_snippets_run(page, page_runs) -> None:
    done = page_runs[page].result()
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        ("true", True),
        ("false", False),
        ("false; touch after", False),
        ("false | true; touch after", False),
        ("(exit 3); touch after", True),
        ("(exit 2); touch after", False),
        ("(exit 3) || [ $? -eq 3 ]; touch after", True),
        ("make nothing\ngit nothing\n  pip nothing\ntouch after", True),
        ("gitless", False),
        ("echo $UNSET; touch after", False),
    ],
)
def test_a_shell_block_fails_as_a_reader_would_see_it_fail(code, passes, course) -> None:
    block = Block(1, "bash", None, code + "\n")
    if passes:
        run_block(block, course)
        assert (course.folder / "after").exists() == ("after" in code)
    else:
        with pytest.raises(AssertionError, match=r"a\.md, line 1"):
            run_block(block, course)
        assert not (course.folder / "after").exists()


@pytest.mark.parametrize(
    ("out", "passes"),
    [
        ("0 birds embedded None", True),
        ("3 birds failed There is a task named 'birds' already.", False),
        ('{"position":0,"name":"birds","status":"failed"}', False),
        ("{'embedded': 2, 'failed': 0}", True),
        ("{'embedded': 1, 'failed': 1}", False),
    ],
)
@pytest.mark.parametrize("language", ["python", "bash"])
def test_a_block_fails_where_an_item_of_its_batch_did(out, passes, language, course) -> None:
    code = f"print({out!r})\n" if language == "python" else f"echo {shlex.quote(out)}\n"
    if passes:
        run_block(Block(1, language, None, code), course)
    else:
        with pytest.raises(AssertionError, match=r"a\.md, line 1"):
            run_block(Block(1, language, None, code), course)


def test_exports_and_functions_of_a_block_are_there_in_the_next(course) -> None:
    code = "export NAME='a b'\nOTHER=c\nsay() { echo \"$NAME\"; }\n"
    run_block(Block(1, "bash", None, code), course)
    run_block(Block(5, "bash", None, "say > said; echo ${OTHER-none} > other\n"), course)
    assert (course.folder / "said").read_text() == "a b\n"
    assert (course.folder / "other").read_text() == "none\n"


def test_python_blocks_share_names_and_show_the_line_of_the_page(course) -> None:
    run_block(Block(3, "python", None, "a = 2\n"), course)
    with pytest.raises(ZeroDivisionError) as caught:
        run_block(Block(7, "python", None, "\na / 0\n"), course)
    last = caught.traceback[-1]
    assert (Path(last.path).name, last.lineno + 1) == ("a.md", 8)


def test_only_prompted_lines_of_a_console_block_run() -> None:
    block = Block(1, "console", None, "$ echo a\na\n$ make b\nb\n$ echo c\n")
    assert shell_lines(block) == "echo a\n\necho c\n"


def test_what_is_forked_runs_as_a_program_does(fork_server, tmp_path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import os, sys\nprint(sys.argv[1:], os.getcwd(), os.environ['WORD'], sys.stdin.read())\n"
        "print('no', file=sys.stderr)\nsys.exit(3)\n"
    )
    done = subprocess.run(
        fork_server.command(program, "a b", "c"),
        cwd=tmp_path,
        env={**os.environ, "WORD": "so"},
        input="told",
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"['a b', 'c'] {tmp_path} so told\n"
    assert (done.stderr, done.returncode) == ("no\n", 3)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_is_forked_ends_by_a_signal(number, fork_server, tmp_path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    with subprocess.Popen(fork_server.command(program), stdout=subprocess.PIPE) as process:
        pid = int(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(30) == -number
    until = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_page_has_the_server_that_it_starts(tmp_path) -> None:
    page = tmp_path / "a.md"
    page.write_text("""
```bash
task2vec serve --workers 0   # in a terminal of its own
curl --silent --fail http://127.0.0.1:8000/livez > answer.json
```
```python
from urllib.request import urlopen
assert urlopen("http://127.0.0.1:8000/v1/tasks").status == 200
```
""")
    folder = tmp_path / "folder"
    folder.mkdir()
    run_page(page, folder)
    assert (folder / "answer.json").stat().st_size > 0
    # It ended with the page.
    assert not (folder / "task2vec-store" / "server.json").exists()


def test_blocks_are_found_with_their_line_language_and_file() -> None:
    text = """a
```bash
true
```
1. b
   ```toml x/y.toml
   a = 1
   ```
```text
$ no
```
"""
    assert list(blocks(text)) == [
        Block(3, "bash", None, "true\n"),
        Block(7, "toml", "x/y.toml", "a = 1\n"),
        Block(10, "text", None, "$ no\n"),
    ]
    assert [block.runs for block in blocks(text)] == [True, False, False]
    with pytest.raises(ValueError, match="line 1 has no end"):
        list(blocks("```bash\ntrue\n"))
