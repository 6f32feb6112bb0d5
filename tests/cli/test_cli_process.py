"""The command line as its own process: signals, missing packages, and streams.

Streams that are closed, full or without a reader cost neither the answer nor the exit code.
"""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from command import Cli
from factories import replace
from small_store import TASKS, SmallStore, cut

from docs.reference import commands
from task2vec.cli import run as running
from task2vec.store.store import Store


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def task2vec(
    *arguments: str | Path,
    stdout: int | IO[str] = subprocess.PIPE,
    stderr: int | IO[str] = subprocess.PIPE,
    **more: str,
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "task2vec", *map(str, arguments)],
        stdout=stdout,
        stderr=stderr,
        text=True,
        env=environment(**more),
        timeout=100,
        check=False,
    )


def test_data_goes_to_stdout_and_the_rest_to_stderr(small: SmallStore) -> None:
    done = task2vec("list", "--store", small.store, "--json")
    refused = task2vec("show", "emoji_fod", "--store", small.store)

    assert (done.returncode, done.stderr) == (0, "")
    assert [task["name"] for task in json.loads(done.stdout)["tasks"]] == list(TASKS)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Error: No task has the name or id 'emoji_fod'.")
    assert "\x1b" not in refused.stderr


def test_garbage_is_looked_for_seldom() -> None:
    code = (
        "import gc, sys; from task2vec.cli import main; sys.argv = ['task2vec', '--version']\n"
        "try: main()\n"
        "finally: print(gc.isenabled(), gc.get_threshold()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "True 50000"


def test_an_interrupted_batch_keeps_what_it_acknowledged_and_goes_on(
    cli: Cli, tmp_path: Path
) -> None:
    for task in TASKS:
        cut(task, tmp_path / "sources" / task, classes=2, images=6)
    store = tmp_path / "store"
    command = ["batch", tmp_path / "sources", "--store", store, "--images", 12, "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "task2vec", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        # A shell that runs the tests in the background has interruptions ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, messages = process.communicate(timeout=60)

    assert process.returncode == 130
    assert "Interrupted" in messages
    assert "Traceback" not in messages
    acknowledged = [json.loads(line) for line in [first, *rest.splitlines()]]
    assert [line["status"] for line in acknowledged] == ["embedded"] * len(acknowledged)
    assert 1 <= len(acknowledged) < len(TASKS)
    kept = cli("list", "--store", store, "--json").json["tasks"]
    assert {line["id"] for line in acknowledged} <= {task["id"] for task in kept}

    again = cli(*command)

    assert again.code == 0
    status = {json.loads(line)["name"]: json.loads(line) for line in again.out.splitlines()}
    assert list(status) == list(TASKS)
    for task in kept:
        assert status[task["name"]].items() >= {**task, "status": "unchanged"}.items()
    assert status[TASKS[-1]]["status"] == "embedded"


@contextmanager
def nobody() -> Iterator[IO[str]]:
    """What is written here has no reader."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        yield pipe


@pytest.mark.parametrize("output", [["--json"], [], ["--help"]], ids=["json", "table", "help"])
def test_a_reader_that_went_away_is_no_error(small: SmallStore, output: list[str]) -> None:
    with nobody() as pipe:
        done = task2vec("list", "--store", small.store, *output, stdout=pipe)

    assert (done.returncode, done.stderr) == (0, "")


def test_json_is_json_whatever_the_character_set(small: SmallStore, tmp_path: Path) -> None:
    renamed = tmp_path / "store"
    with Store.open(small.store, create=False) as old, Store.open(renamed) as new:
        record, embedding = old.tasks.get("emoji_food"), old.tasks.embedding("emoji_food")
        new.tasks.add(replace(record, name="寿司"), embedding)

    as_json = task2vec("list", "--store", renamed, "--json", PYTHONIOENCODING="ascii")
    as_table = task2vec("list", "--store", renamed, PYTHONIOENCODING="ascii")

    assert json.loads(as_json.stdout)["tasks"][0]["name"] == "寿司"
    assert as_table.returncode == 0
    assert "\\u5bff\\u53f8" in as_table.stdout


def without(module: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a command where importing ``module`` fails as if it were not installed."""
    code = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from task2vec.cli.run import run\n"
        "raise SystemExit(run(sys.argv[1:]))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "command", "extra"),
    [
        ("sqlalchemy", "list", "task2vec[local]"),
        ("prometheus_client", "serve", "task2vec[server]"),
        ("torch", "embed source --name x", "task2vec[local]"),
    ],
)
def test_a_missing_package_names_what_to_install(
    two_classes: Path, module: str, command: str, extra: str
) -> None:
    Path("source").symlink_to(two_classes)
    done = without(module, *command.split(), "--store", "store")

    assert (done.returncode, done.stdout) == (2, "")
    assert f"pip install '{extra}'" in done.stderr
    assert module in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_package_of_one_option_names_what_to_install(
    ask: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    done = ask("map", "--method", "umap", "--json")
    assert (done.code, done.out) == (2, "")
    assert "pip install 'task2vec[umap]'" in done.err


def test_debug_shows_where_an_error_came_from(ask: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = ask("show", "nobody")
    monkeypatch.setenv("TASK2VEC_DEBUG", "1")
    debug = ask("show", "nobody")

    assert "Traceback" not in plain.err
    assert "Traceback" in debug.err
    assert "UnknownNameError" in debug.err
    assert plain.code == debug.code == 2


def test_every_command_of_the_main_job_shows_an_example() -> None:
    for path, command in commands():
        if not getattr(command, "commands", None) and path[1] not in ("serve", "worker", "keys"):
            assert f"Example: `{' '.join(path)}" in " ".join(command.help.split())


def in_a_shell(line: str, store: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command where a shell sets where its streams lead."""
    command = ["bash", "-c", f'"$0" -m task2vec {line}', sys.executable]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment(TASK2VEC_STORE=str(store)),
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "stderr", "code"),
    [
        ("neighbours greek_capitals", "nobody", 0),
        ("show nobody", "nobody", 2),
        ("show nobody", "2>/dev/full", 2),
        ("show nobody", "2>&-", 2),
        ("outcomes remove --protocol none", "2>/dev/full", 3),
        ("list", "2>&-", 0),
    ],
)
def test_a_message_that_nobody_hears_costs_nothing(
    ask: Cli, small: SmallStore, line: str, stderr: str, code: int
) -> None:
    heard = ask(*line.split())
    assert heard.code == code
    assert heard.err
    if stderr == "nobody":
        with nobody() as pipe:
            done = task2vec(*line.split(), "--store", small.store, stderr=pipe)
    else:
        done = in_a_shell(f"{line} {stderr}", small.store)
    assert (done.returncode, done.stdout) == (code, heard.out)


@pytest.mark.parametrize(("line", "said"), [("list", ["Next:"]), ("list --json", [])])
def test_a_closed_stdout_takes_nothing(small: SmallStore, line: str, said: list[str]) -> None:
    done = in_a_shell(f"{line} >&-", small.store)
    assert (done.returncode, done.stderr.splitlines()[:1]) == (0, said)


@pytest.mark.parametrize("line", ["list", "list --json"])
def test_a_full_disk_is_told_once(small: SmallStore, line: str) -> None:
    done = in_a_shell(f"{line} >/dev/full", small.store)
    assert done.returncode == 2
    (told,) = done.stderr.splitlines()
    assert told.startswith("Error: The system refuses this: got [Errno 28]")


def test_another_pipe_that_breaks_is_an_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(**_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(running, "app", breaks)
    done = cli("list")
    assert done.code == 2
    assert "Broken pipe" in done.err
