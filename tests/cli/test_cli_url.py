"""Every command with `--url`: a real server and worker answer as the store itself does."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from client_kinds import serving
from command import Cli
from small_store import TASKS, SmallStore, cut

from task2vec import Client
from task2vec.client.http import connection, jobs

KEY = "t2v_nobody_may_see_this"


@pytest.fixture(scope="module")
def served(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server on a copy of the store: its address and that copy."""
    store = Path(shutil.copytree(small.store, tmp_path_factory.mktemp("served") / "store"))
    with serving(store) as url:
        yield url, store


@pytest.fixture
def url(served: Any) -> str:
    return str(served[0])


def test_show_keeps_the_servers_paths_to_itself(cli: Cli, small: SmallStore, url: str) -> None:
    here = cli("show", "emoji_food", "--store", small.store, "--json").json
    there = cli("show", "emoji_food", "--url", url, "--json").json

    assert there == {**here, "source": None}
    assert "kept by the server" in cli("show", "emoji_food", "--url", url).out


def test_the_doctor_looks_at_the_server(cli: Cli, url: str) -> None:
    well = cli("doctor", "--url", url, "--json")

    assert (well.code, [check["state"] for check in well.json["checks"]]) == (0, ["fine", "fine"])


def test_what_needs_a_server_names_the_command_that_starts_one(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "Retrying", partial(connection.Retrying, base=0.0))
    ill = cli("doctor", "--url", "http://127.0.0.1:9", "--json")

    assert (ill.code, [check["state"] for check in ill.json["checks"]]) == (1, ["fault"])
    assert "task2vec serve" in ill.json["checks"][0]["remedy"]
    assert "`task2vec serve`" in cli("list", "--url", "http://127.0.0.1:9").err


def test_address_and_key_from_the_environment(
    cli: Cli, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASK2VEC_URL", url)
    monkeypatch.setenv("TASK2VEC_API_KEY", KEY)

    refused = cli("list", "--json")
    # A server without keys is open on this machine; one that is not its own is no key for it.
    assert refused.code in (0, 2)
    for command in (["list"], ["list", "--help"], ["show", "nobody"]):
        found = cli(*command)
        assert KEY not in found.out + found.err


def _heed_interruptions() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_wait_is_told_as_that(
    cli: Cli, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs.JobServer, "ended", ended)
    source = cut("emoji_food", tmp_path / "waited_for", classes=2, images=6)
    found = cli("finetune", source, "--url", url)
    assert found.code == 130, found.err
    with Client(url) as client:
        (job,) = client.jobs.list(kind="finetune")
        client.jobs.cancel(job)
    assert f"Error: Interrupted. Job {job.id} goes on at the server." in found.err
    assert "same command" not in found.err


def test_an_interrupted_batch_is_resumed_without_doing_work_twice(
    cli: Cli, url: str, tmp_path: Path
) -> None:
    names = [f"resumed_{number}" for number in range(4)]
    for name, task in zip(names, TASKS, strict=True):
        cut(task, tmp_path / "sources" / name, classes=2, images=3)
    (tmp_path / "sources" / "void").mkdir()
    words = ("batch", tmp_path / "sources", "--url", url, "--images", 6, "--json", "-o", "o.jsonl")
    process = subprocess.Popen(
        [sys.executable, "-m", "task2vec", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has interruptions ignored.
        preexec_fn=_heed_interruptions,
    )
    assert process.stdout is not None
    first = [process.stdout.readline(), process.stdout.readline()]
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "goes on at the server" in told
    assert "Error: Interrupted. What was sent" in told
    assert [json.loads(line)["status"] for line in first] == ["skipped", "embedded"]

    again = cli(*words)
    lines = {line["name"]: line for line in map(json.loads, again.out.splitlines())}
    assert again.code == 0, again.err
    assert set(lines) == {*names, "void"}
    assert {lines[name]["status"] for name in names} <= {"embedded", "unchanged"}
    with Client(url) as client:
        jobs = [job for job in client.jobs.list(kind="embed") if job.name in names]
        done = [job.name for job in jobs if job.state == "succeeded" and job.attempts]
        assert sorted(set(done)) == sorted(names)
        assert len({job.result["id"] for job in jobs if job.result}) == len(names)
        sent = [data.sha256 for data in client.datasets.list()]
        assert len(sent) == len(set(sent)), "the same bytes were sent twice"
    written = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert {line["name"]: line for line in written} == lines
    for name in names:
        assert cli("remove", name, "--url", url).code == 0


def test_equal_sources_of_a_batch_are_sent_once(cli: Cli, url: str, tmp_path: Path) -> None:
    names = [f"equal_{number}" for number in range(2)]
    for name in names:
        cut("emoji_food", tmp_path / "sources" / name, classes=3, images=4)
    with Client(url) as client:
        before = {data.id for data in client.datasets.list()}

        done = cli("batch", tmp_path / "sources", "--images", 6, "--url", url)

        assert done.code == 0, done.err
        sent = [data for data in client.datasets.list() if data.id not in before]
        assert len(sent) == 1
        assert {task.name for task in client.tasks.list()} >= set(names)
        for name in names:
            client.tasks.remove(name)


REFUSED = (
    {"source": "a\0b", "name": "no text of a path"},
    {"source": "\ud800"},
    {"source": "x" * 300},
    {"source": "good", "name": "tsk_0123456789abcdef"},
    {"source": "good", "name": "n" * 201},
    {"source": "good", "name": "\x1b[2J"},
    {"source": "good", "name": "tagged", "tags": ["\ud800"]},
)


@pytest.mark.parametrize(
    ("where", "dry"), [("url", True), ("url", False), ("store", False)], ids=str
)
def test_an_item_that_is_refused_fails_alone(
    cli: Cli, url: str, tmp_path: Path, where: str, dry: bool
) -> None:
    # Bytes that no other test has sent.
    cut("emoji_food", tmp_path / "good", classes=2, images=7)
    rows = [*REFUSED, {"source": "good", "name": f"good-{where}"}]
    (tmp_path / "l.jsonl").write_text("\n".join(map(json.dumps, rows)))
    at = ("--url", url) if where == "url" else ("--store", tmp_path / "store")

    found = cli(
        *("batch", tmp_path / "l.jsonl", "--images", 6, "--json", *at),
        *(["--dry-run"] if dry else []),
    )

    told = [json.loads(line) for line in found.out.splitlines()]
    statuses = {line["name"]: line["status"] for line in told}
    assert statuses.pop(f"good-{where}") == ("pending" if dry else "embedded")
    assert len(told) == len(rows)
    assert set(statuses.values()) == {"failed"}
    assert found.code == 1
    if where == "url":
        with Client(url) as client:
            sent = {data.name for data in client.datasets.list()}
        assert not {"tagged", "n" * 201} & sent
        assert ("good-url" in sent) is not dry
