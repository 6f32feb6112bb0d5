"""The command line as its own process: signals, missing packages, and streams.

Streams that are closed, full or without a reader cost neither the answer nor the exit code.
"""

import errno
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pytest
from command import Cli
from factories import replace
from small_store import TASKS, SmallStore, cut

from docs.reference import commands
from task2vec.cli import run as running
from task2vec.store.opening import DATABASE
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


def limited(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a command whose files may have 100 KiB each."""
    command = [sys.executable, "-m", "task2vec", *map(str, arguments)]
    return subprocess.run(
        ["bash", "-c", 'ulimit -f 100 && exec "$@"', "-", *command],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=100,
        check=False,
    )


def test_a_limit_for_the_size_of_files_is_told_as_one(store: Path, tmp_path: Path) -> None:
    table = tmp_path / "outcomes.csv"
    rows = [f"efficientnet_lite0,emoji_food,0.5,{seed}" for seed in range(3000)]
    table.write_text("\n".join(["model,task,accuracy,seed", *rows]))
    imported = limited("outcomes", "import", table, "--store", store)
    exported = limited("export", "emoji_food", tmp_path / "food.npz", "--store", store)

    assert (imported.returncode, exported.returncode) == (2, 2)
    assert "cannot grow" in imported.stderr
    assert "got a limit of 102,400 bytes for each file (`ulimit -f`)" in imported.stderr
    assert "got File too large. Raise the limit with `ulimit -f unlimited`" in exported.stderr
    listed = task2vec("outcomes", "list", "--store", store, "--json")
    assert json.loads(listed.stdout)["outcomes"] == []
    assert not (tmp_path / "food.npz").exists()
    assert task2vec("outcomes", "import", table, "--store", store).returncode == 0


def test_a_server_that_is_away_is_told_in_words() -> None:
    away = task2vec("show", "birds", "--url", "http://127.0.0.1:1")
    assert (away.returncode, away.stdout) == (2, "")
    assert away.stderr == (
        "Error: There is no connection to http://127.0.0.1:1: got Connection refused. Start a "
        "server there with `task2vec serve`, or check the address.\n"
    )


@pytest.mark.parametrize("command", ["outcomes", "bundle"])
def test_what_is_killed_while_it_imports_has_stored_all_or_nothing(
    store: Path, tmp_path: Path, command: str
) -> None:
    if command == "outcomes":
        file = tmp_path / "outcomes.csv"
        rows = [f"efficientnet_lite0,emoji_food,0.5,{seed}" for seed in range(5000)]
        file.write_text("\n".join(["model,task,accuracy,seed", *rows]))
    else:
        file = tmp_path / "small.bundle"
        made = task2vec("bundle", "export", file, "--name", "small", "--store", store)
        assert made.returncode == 0, made.stderr
    table, whole = ("outcomes", 5000) if command == "outcomes" else ("tasks", len(TASKS))

    def rows_of() -> int:
        with closing(sqlite3.connect(store / DATABASE)) as raw:
            (count,) = raw.execute(f"SELECT count(*) FROM {table}").fetchone()
            return int(count)

    before = rows_of()
    log = store / f"{DATABASE}-wal"
    arguments = [sys.executable, "-m", "task2vec", command, "import", file, "--store", store]

    with subprocess.Popen(arguments, env=environment(), stderr=subprocess.DEVNULL) as process:
        # The log of the database grows while the transaction is not yet at its end.
        while process.poll() is None and not (log.exists() and log.stat().st_size > 50_000):
            time.sleep(0.001)
        process.kill()

    assert process.returncode == -signal.SIGKILL
    # The kill may also come just behind the commit.
    assert rows_of() in (before, before + whole)
    again = task2vec(command, "import", file, "--store", store)
    assert again.returncode == 0, again.stderr
    assert rows_of() >= before + whole


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
