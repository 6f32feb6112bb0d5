"""Jobs of a server, and what else only a server brings: its addresses, its probes, its keys."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from client_kinds import serving
from command import Cli
from small_store import SmallStore, cut

from task2vec import Client


@pytest.fixture(scope="module")
def url(small: SmallStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a copy of the store."""
    store = Path(shutil.copytree(small.store, tmp_path_factory.mktemp("served") / "store"))
    with serving(store) as found:
        yield found


@pytest.fixture
def job(url: str, tmp_path: Path) -> str:
    """The id of a job that embeds the task `jobbed`."""
    source = cut("emoji_food", tmp_path / "jobbed", classes=2, images=3)
    with Client(url) as client:
        return client.embed(source, images=6, wait=False, update=True).id


def test_a_job_is_waited_for_shown_and_listed(cli: Cli, url: str, job: str) -> None:
    waited = cli("jobs", "wait", job, "--url", url, "--json").json
    shown = cli("jobs", "show", job, "--url", url)
    listed = cli("jobs", "list", "--kind", "embed", "--limit", 1, "--url", url, "--json").json

    assert (waited["id"], waited["state"]) == (job, "succeeded")
    assert waited["result"]["name"] == "jobbed"
    assert shown.code == 0
    for text in (job, "succeeded", "jobbed"):
        assert text in shown.out
    assert listed == {"jobs": [waited]}
    assert job in cli("jobs", "list", "--url", url).out
    assert cli("jobs", "list", "--state", "failed", "--url", url, "--json").json == {"jobs": []}


def test_a_job_that_has_ended_is_not_cancelled(cli: Cli, url: str, job: str) -> None:
    cli("jobs", "wait", job, "--url", url)
    found = cli("jobs", "cancel", job, "--url", url)

    assert (found.code, found.out) == (2, "")
    assert "succeeded" in found.err


def test_a_cancelled_job_ends_without_a_result(cli: Cli, url: str, tmp_path: Path) -> None:
    # Two that one worker takes in turn: the second has not ended when it is cancelled.
    sources = [cut("emoji_food", tmp_path / f"c{n}", classes=2 + n, images=3) for n in range(2)]
    with Client(url) as client:
        first, second = (client.embed(s, images=6, wait=False, update=True).id for s in sources)

    assert cli("jobs", "cancel", second, "--url", url).code == 0
    waited = cli("jobs", "wait", second, "--url", url)
    assert (waited.code, waited.out) == (2, "")
    assert f"Job {second} was cancelled" in waited.err
    assert cli("jobs", "wait", first, "--url", url).code == 0


@pytest.mark.parametrize("line", ["list", "show job_1", "wait job_1", "cancel job_1"])
def test_without_a_server_there_are_no_jobs(cli: Cli, line: str) -> None:
    found = cli("jobs", *line.split())

    assert (found.code, found.out) == (2, "")
    assert "--url" in found.err
    assert not Path("task2vec-store").exists()


def test_a_task_with_a_slash_in_its_name_is_worked_with(cli: Cli, url: str, tmp_path: Path) -> None:
    source = cut("emoji_food", tmp_path / "slashed", classes=2, images=3)
    embedded = cli("embed", source, "--images", 6, "--name", "a/c", "--url", url)

    assert embedded.code == 0
    assert "  task2vec neighbours a/c --url " in embedded.err
    assert cli("neighbours", "a/c", "--url", url).code == 0
    assert "a/c" in cli("show", "a/c", "--url", url).out
    assert cli("remove", "a/c", "--url", url).code == 0
    gone = cli("show", "a/c", "--url", url)
    assert gone.code == 2
    assert "No task has the name or id 'a/c'" in gone.err
