"""The command line as its own process: signals, pipes, missing packages, what goes where."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from factories import replace
from small_store import TASKS, USED, SmallStore

from docs.reference import commands
from task2vec.store.store import Store


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def task2vec(*arguments: str | Path, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "task2vec", *map(str, arguments)],
        capture_output=True,
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


def test_an_interrupted_batch_keeps_what_it_acknowledged_and_goes_on(
    small: SmallStore, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    command = ["batch", small.sources, "--store", store, "--images", USED, "--json"]
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
    kept = json.loads(task2vec("list", "--store", store, "--json").stdout)["tasks"]
    assert {line["id"] for line in acknowledged} <= {task["id"] for task in kept}

    again = task2vec(*command)

    assert again.returncode == 0
    status = {json.loads(line)["name"]: json.loads(line) for line in again.stdout.splitlines()}
    assert list(status) == list(TASKS)
    for task in kept:
        assert status[task["name"]].items() >= {**task, "status": "unchanged"}.items()
    assert status[TASKS[-1]]["status"] == "embedded"


@pytest.mark.parametrize("output", [["--json"], [], ["--help"]], ids=["json", "table", "help"])
def test_a_reader_that_went_away_is_no_error(small: SmallStore, output: list[str]) -> None:
    command = [sys.executable, "-m", "task2vec", "list", "--store", str(small.store), *output]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            command, stdout=pipe, stderr=subprocess.PIPE, text=True, env=environment(), check=False
        )

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
        ("umap", ["map", "--method", "umap", "--json"], "task2vec[umap]"),
        ("sqlalchemy", ["list"], "task2vec[local]"),
        ("uvicorn", ["serve"], "task2vec[server]"),
        ("prometheus_client", ["serve"], "task2vec[server]"),
        ("torch", ["embed", "emoji_food", "--name", "x"], "task2vec[local]"),
    ],
)
def test_a_missing_package_names_what_to_install(
    small: SmallStore, tmp_path: Path, module: str, command: list[str], extra: str
) -> None:
    if command[0] == "embed":
        command = ["embed", str(small.sources / "emoji_food"), "--name", "x"]
    store = tmp_path / "none" if command[0] == "embed" else small.store
    done = without(module, *command, "--store", store)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"pip install '{extra}'" in done.stderr
    assert module in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_where_an_error_came_from(small: SmallStore) -> None:
    plain = task2vec("show", "nobody", "--store", small.store)
    debug = task2vec("show", "nobody", "--store", small.store, TASK2VEC_DEBUG="1")

    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr
    assert "UnknownNameError" in debug.stderr
    assert plain.returncode == debug.returncode == 2


def test_every_command_of_the_main_job_shows_an_example() -> None:
    for path, command in commands():
        if not getattr(command, "commands", None) and path[1] not in ("serve", "worker", "keys"):
            assert f"Example: `{' '.join(path)}" in " ".join(command.help.split())
