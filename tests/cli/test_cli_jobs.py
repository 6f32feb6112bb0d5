"""Jobs of a server, and what else only a server brings: its addresses, its probes, its keys."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from client_kinds import serving
from command import Cli
from small_store import SmallStore, cut

from task2vec import Client, LocalClient

LONG = "a_long_name_of_a_task" * 2


@pytest.fixture(scope="module")
def url(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without a worker on a copy of the store, which has a task named `a/c` besides."""
    store = Path(shutil.copytree(small.store, tmp_path_factory.mktemp("served") / "store"))
    with LocalClient(store) as client:
        file = store.parent / "food.npz"
        client.tasks.export("emoji_food", file)
        client.tasks.import_embedding(file, name="a/c")
    with serving(store, "--workers", "0") as found:
        yield found


@pytest.fixture
def job(url: str, tmp_path: Path) -> str:
    """The id of a job that is to embed a task of a long name."""
    source = cut("emoji_food", tmp_path / LONG, classes=2, images=3)
    with Client(url) as client:
        return client.embed(source, images=6, wait=False, update=True).id


def test_a_job_is_shown_and_listed_and_cancelled_once(
    cli: Cli, url: str, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = cli("jobs", "show", job, "--url", url)
    newest = ("--kind", "embed", "--limit", 1, "--url", url, "--json")

    assert shown.code == 0
    for text in (job, "queued", LONG):
        assert text in shown.out
    assert cli("jobs", "list", *newest).json["jobs"][0]["id"] == job
    assert cli("jobs", "list", "--state", "failed", "--url", url, "--json").json == {"jobs": []}
    for width in (80, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        listed = cli("jobs", "list", "--url", url).out
        assert job in listed
        assert max(map(len, listed.splitlines())) <= width

    assert cli("jobs", "cancel", job, "--url", url).code == 0
    waited = cli("jobs", "wait", job, "--url", url)
    assert (waited.code, waited.out) == (2, "")
    assert f"Job {job} was cancelled" in waited.err
    again = cli("jobs", "cancel", job, "--url", url)
    assert (again.code, again.out) == (2, "")
    assert "cancelled" in again.err


@pytest.mark.parametrize("line", ["list", "show job_1", "wait job_1", "cancel job_1"])
def test_without_a_server_there_are_no_jobs(cli: Cli, line: str) -> None:
    found = cli("jobs", *line.split())

    assert (found.code, found.out) == (2, "")
    assert "--url" in found.err
    assert not Path("task2vec-store").exists()


def test_a_task_with_a_slash_in_its_name_is_worked_with(cli: Cli, url: str) -> None:
    near = cli("neighbours", "a/c", "--url", url)
    assert near.code == 0
    assert "  task2vec recommend a/c --url " in near.err
    assert "a/c" in cli("show", "a/c", "--url", url).out
    assert cli("remove", "a/c", "--url", url).code == 0
    gone = cli("show", "a/c", "--url", url)
    assert gone.code == 2
    assert "No task has the name or id 'a/c'" in gone.err
