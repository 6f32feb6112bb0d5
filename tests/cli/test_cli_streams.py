"""Streams that are closed, full or without a reader cost neither the answer nor the exit code."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from command import Cli
from small_store import SmallStore

from task2vec.cli import run as running


@contextmanager
def nobody() -> Iterator[IO[str]]:
    """What is written here has no reader."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        yield pipe


def in_a_shell(line: str, store: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command where a shell sets where its streams lead."""
    command = ["bash", "-c", f'"$0" -m task2vec {line}', sys.executable]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TASK2VEC_STORE": str(store)},
        check=False,
    )


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("recommend greek_capitals", 0),
        ("show nobody", 2),
        ("outcomes remove --protocol none", 3),
    ],
)
def test_a_message_that_nobody_hears_costs_nothing(small: SmallStore, line: str, code: int) -> None:
    heard = in_a_shell(line, small.store)
    assert heard.returncode == code
    assert heard.stderr
    with nobody() as pipe:
        command = [sys.executable, "-m", "task2vec", *line.split()]
        environment = {**os.environ, "TASK2VEC_STORE": str(small.store)}
        gone = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=pipe,
            text=True,
            env=environment,
            check=False,
        )
    assert (gone.returncode, gone.stdout) == (code, heard.stdout)
    for stderr in ("2>/dev/full", "2>&-"):
        done = in_a_shell(f"{line} {stderr}", small.store)
        assert (done.returncode, done.stdout) == (code, heard.stdout), stderr


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
